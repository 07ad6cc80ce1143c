"""Notices: what is due, its text, and what became of each try."""
