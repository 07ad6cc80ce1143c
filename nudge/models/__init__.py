"""Models of people and of what they write: fitted and read by the worker and by commands only."""
