"""The spool: records that could not be appended, on disk, encrypted, until the store is back."""
