"""The funnel: stages, leaks and their ranking."""
