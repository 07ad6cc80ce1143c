"""Answers of reports, evaluations and the harm guard."""
