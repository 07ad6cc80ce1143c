"""Schemas of the API: what requests must look like and what answers hold."""
