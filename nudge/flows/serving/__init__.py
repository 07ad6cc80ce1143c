"""Answers to pages and servers: decisions, events, explanations."""
