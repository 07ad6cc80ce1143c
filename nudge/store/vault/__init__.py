"""The vault in the store: who a subject is, and what visitors keep."""
