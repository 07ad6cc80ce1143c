"""Offline evaluation of a log."""
