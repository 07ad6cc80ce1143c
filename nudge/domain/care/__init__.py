"""Care for visitors who may leave: what they say, warnings, cases, and what is done about it."""
