"""The report worker: its loop, and its answers to each kind of question."""
