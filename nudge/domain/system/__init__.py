"""The system as operators look at it: rows with a state, a sentence and a place to read on. Pure."""
