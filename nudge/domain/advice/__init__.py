"""Advice of a report: which variants nobody would miss."""
