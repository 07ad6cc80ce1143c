"""Prefilled numbers: which of a visitor's phone numbers an answer may hold, and how."""
