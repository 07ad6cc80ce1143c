"""The model of factors: which scores and behaviours go with leaving, and how surely."""
