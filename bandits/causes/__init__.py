"""Causes of a fall: the smallest set of attribute values that explains it."""
