"""How our own commands talk to the running service: over HTTP, like everybody else."""
