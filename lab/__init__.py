"""Simulation and replay: worlds in which the service is tested."""
