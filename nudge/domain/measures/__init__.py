"""Measures: what is due for whom in each stage, which benefit may be granted, and why none may."""
