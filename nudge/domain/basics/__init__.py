"""Durations, intervals, local time and single values: the words all other rooms use."""
