"""The command `nudge plan`: its options, and the processes that share a file."""
