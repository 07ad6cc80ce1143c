"""Limits of the HTTP face: who may bring how many unknown visitors and events."""
