"""Tables of cells: means of two periods, answers to many questions together, words by group."""
