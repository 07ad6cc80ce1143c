"""The audience of a slot: the visitors whom it saw lately, and how many of them may be offered."""
