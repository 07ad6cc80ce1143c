"""The model of uplift: how much a contact adds for whom, from campaigns with a random holdout."""
