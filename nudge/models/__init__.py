"""Models of people, for the worker and for commands: the one room that knows scikit-learn."""
