"""Replay of a real campaign log through the running service."""
