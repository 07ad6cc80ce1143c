"""Commands that tell what slots did and what it earned."""
