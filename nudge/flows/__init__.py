"""One file a use case. Flows do not import each other: they meet in the journal."""
