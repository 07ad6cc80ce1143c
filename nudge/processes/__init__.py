"""The processes of one machine: supervisor, embedded store, and how they end together."""
