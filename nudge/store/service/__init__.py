"""Slots, snapshots, API keys and stock: what the service is configured by."""
