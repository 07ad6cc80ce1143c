"""Credit: which exposure an event rewards, and where the reward is booked."""
