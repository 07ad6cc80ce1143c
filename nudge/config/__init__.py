"""Files that an operator edits: read, checked and turned into values of the domain."""
