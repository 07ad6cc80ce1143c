"""The journal in the store: appending records and reading them."""
