"""Folds: consumers of the journal whose state can be rebuilt."""
