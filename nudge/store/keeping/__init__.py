"""Keeping: backup, identity of the store, retention, records that waited in a spool."""
