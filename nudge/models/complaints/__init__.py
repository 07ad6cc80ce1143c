"""The complaint model: how probably a text complains, trained on the operator's own texts."""
