"""Work lists: what is due for whom, whose it is, and what was done."""
