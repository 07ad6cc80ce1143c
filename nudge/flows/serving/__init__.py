"""What a page or a server asks for: decisions, events, explanations."""
