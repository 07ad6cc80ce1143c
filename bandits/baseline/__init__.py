"""Baseline of a slot: what the operator's own rule shows, and how far a learner may leave it."""
