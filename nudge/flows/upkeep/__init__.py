"""Upkeep: apply, load, import, erase, verify, rebuild."""
