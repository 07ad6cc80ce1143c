"""Definitions of the figures that answers hold."""
