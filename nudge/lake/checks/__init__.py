"""Checks of the lake: dense positions, and each id once."""
