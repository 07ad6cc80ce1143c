"""Credit: the exposure that an event rewards, and the sum in which the reward is booked."""
