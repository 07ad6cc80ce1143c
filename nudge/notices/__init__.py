"""Notices on their way out: the one room that talks to mail servers, webhooks and group robots."""
