"""Membership: which segments a visitor belongs to, since when, and what the moment changes."""
