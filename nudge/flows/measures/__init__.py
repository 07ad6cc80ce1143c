"""Measures of cases: what is due, described in pages, and the grant that happens once."""
