"""Flows about visitors who may leave."""
