"""The first week of a slot, played in worlds that the operator's own log allows."""
