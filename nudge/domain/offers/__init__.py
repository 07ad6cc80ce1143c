"""Offers: what a person is offered next, by which channel, and why not the others."""
