"""Payments that several slots are credited with: side by side, and never added up."""
