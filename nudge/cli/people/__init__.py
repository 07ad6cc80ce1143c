"""Commands about visitors: who they are, what they agreed to, and how they are forgotten."""
