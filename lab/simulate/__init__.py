"""Simulated visitors with a known truth, sent through the running service."""
