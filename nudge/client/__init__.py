"""The client with which Nudge's own commands talk to the running service, over HTTP."""
