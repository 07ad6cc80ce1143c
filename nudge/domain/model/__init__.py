"""The model of a slot: what its published policy shows to whom, as figures and in words."""
