"""Endpoints about users of the pages."""
