"""Figures of reports, computed from the lake."""
