"""Counts of the lake for the overview: visits by the hour, payments by group of visitors."""
