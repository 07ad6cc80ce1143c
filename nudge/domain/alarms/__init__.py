"""Alarms: what needs a person, with its cause, and what people did about it."""
