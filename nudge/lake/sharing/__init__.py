"""Payments of the lake, and the slots that were credited with each."""
