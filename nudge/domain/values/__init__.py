"""Values from outside: one parser for each kind, used by HTTP, files and commands alike."""
