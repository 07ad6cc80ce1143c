"""A slot: its variants, rules, rewards, segments, holdout and policy."""
