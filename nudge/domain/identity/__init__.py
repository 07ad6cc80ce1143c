"""Identity: subjects, tokens and numbers, hashed, sealed and opened again."""
