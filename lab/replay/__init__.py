"""A real campaign log, sent through the running service as if its customers came by."""
