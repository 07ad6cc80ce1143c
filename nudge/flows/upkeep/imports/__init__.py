"""Imports of historical logs: their rows, their marks, and taking one back."""
