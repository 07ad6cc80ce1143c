"""Exports of the log in the formats of other tools, and SMS plans as files."""
