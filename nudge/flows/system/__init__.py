"""The state of the system, read from the store at each question."""
