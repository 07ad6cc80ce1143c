"""Changes: a slot's report beside the period or the revision before it."""
