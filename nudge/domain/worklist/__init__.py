"""Work lists: whose turn it is, until when, and by which rules. Pure."""
