"""Durations, intervals, local time and single values, which all other rooms use."""
