"""The contact policy: consent, quiet hours, caps and capacity."""
