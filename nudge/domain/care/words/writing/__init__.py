"""Writing: how words and characters are written, with their slips, as they are compared."""
