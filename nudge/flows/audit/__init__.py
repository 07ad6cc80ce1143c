"""The audit: who changed what, when and why, gathered from each thing's own history."""
