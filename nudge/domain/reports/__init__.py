"""Reports: questions, comparisons, verdicts and their sentences."""
