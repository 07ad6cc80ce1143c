"""Jobs: long questions and their answers."""
