"""Sends of the lake: what they brought, by day and hour."""
