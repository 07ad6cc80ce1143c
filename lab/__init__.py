"""Simulation and replay: the worlds in which the service is tried out."""
