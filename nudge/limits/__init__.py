"""Limits: token buckets that all processes of one machine share, without a round trip."""
