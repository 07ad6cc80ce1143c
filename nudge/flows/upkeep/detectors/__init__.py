"""Detectors: their state made anew from all records, minute by minute."""
