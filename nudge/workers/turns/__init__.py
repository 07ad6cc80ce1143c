"""Turns: small tasks that several workers may do, each in its turn."""
