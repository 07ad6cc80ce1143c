"""Cases of warnings: lists of them, and what people do about each; files of people for factors."""
