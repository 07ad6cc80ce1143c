"""Exports of the log in the forms of other tools; plans of SMS as a file."""
