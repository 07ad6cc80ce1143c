"""Loops that look for what needs a person: alarms, harm done by a slot, and notices of both."""
