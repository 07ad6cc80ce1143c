"""Workers beside the web: the fold runner, leases and jobs."""
