"""Alarms: minute counts are judged, causes found, and alarms opened and resolved."""
