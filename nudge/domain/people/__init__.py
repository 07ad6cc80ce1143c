"""A visitor's state: open exposures, facts about the person, and the merging of two states."""
