"""Visitors of a slot, as the lake's decisions tell them."""
