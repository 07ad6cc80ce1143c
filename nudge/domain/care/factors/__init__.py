"""Factors of leaving: people with their scores and behaviours, and the findings about them."""
