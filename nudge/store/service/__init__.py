"""The service's configuration in the store: slots, snapshots, API keys and stock."""
