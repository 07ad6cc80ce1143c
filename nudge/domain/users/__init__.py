"""Users of the pages: who they are, what their roles allow, and what they did. Pure values."""
