"""How sure one may be: intervals, the best arm, sample-ratio mismatch."""
