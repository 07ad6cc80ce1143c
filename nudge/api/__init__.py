"""The HTTP API: blueprints, schemas, and one table from error to status."""
