"""State of the folds: leases, commits, generations and counts."""
