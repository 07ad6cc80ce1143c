"""A decision: who is eligible, what sticks, and the draw."""
