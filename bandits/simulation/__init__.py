"""Simulated worlds with a known truth, in which learners are evaluated."""
