"""The system for operators: rows with a state, a sentence and a place to read on. Pure."""
