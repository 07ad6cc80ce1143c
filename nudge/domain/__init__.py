"""What the product is made of: frozen dataclasses and pure rules, with no I/O and no clock."""
