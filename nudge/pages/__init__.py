"""The pages: what marketers, operators and callers look at, fed by the public API alone."""
