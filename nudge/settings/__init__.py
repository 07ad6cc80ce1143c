"""Settings of a process, from config/nudge.toml, the environment and the file of secrets."""
