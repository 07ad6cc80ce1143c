"""Records of the journal: decisions, exposures, rewards and events."""
