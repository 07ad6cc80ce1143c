"""The experience report from the lake: rated events, their dimensions, sums, and texts to read."""
