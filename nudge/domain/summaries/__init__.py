"""Summaries: a week of all slots as one page of plain text."""
