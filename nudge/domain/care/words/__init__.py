"""Words of complaint in what visitors write: the lexicon, and the finder that reads negation."""
