"""Composition roots: the only places that build clients, stores and flows."""
