"""Commands about visitors who may leave: warnings, rhythm, and who comes back."""
