"""Statistical inference: intervals, verdicts on the best arm, sample-ratio mismatch."""
