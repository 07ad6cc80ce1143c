"""The closed loop of the work list: from what was found to who was kept, against the holdout."""
