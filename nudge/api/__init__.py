"""The HTTP face: blueprints, schemas, and one table from error to status."""
