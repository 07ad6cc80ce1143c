"""What could not be appended, kept on disk, encrypted, until the store is back."""
