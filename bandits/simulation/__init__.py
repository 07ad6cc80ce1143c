"""Worlds with known truth, in which learners can be judged."""
