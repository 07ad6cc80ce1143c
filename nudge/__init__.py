"""Nudge: a decision service for recharge channels that learns, and can prove what it did."""
