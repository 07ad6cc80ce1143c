"""The vault in the store: ids and their subjects, and each visitor's numbers and texts."""
