"""Configuration files of the operator: read, checked and turned into values of the domain."""
