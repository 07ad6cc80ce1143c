"""Configuration documents: contact policy, funnel and segments, as files and as applied."""
