"""The product's values and rules: frozen dataclasses and pure functions, no I/O, no clock."""
