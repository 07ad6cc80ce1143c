"""Care: visitors who may leave, what they say, and what is done about it."""
