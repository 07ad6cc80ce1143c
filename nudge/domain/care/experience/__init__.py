"""The experience report: scores of visitors by scene, touch point and time, and their words."""
