"""Accounts: users sign in and out, and admins manage them."""
