"""Logs: one configuration and one form for every process, without anybody's number or key."""
