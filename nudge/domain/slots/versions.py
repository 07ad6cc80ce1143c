"""Versions of a slot's policy: the seed of each, and the selection to keep."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from bandits.units import HOUR

LAST: Final = 100
"""Number of newest versions that are always kept."""


def seed_of(slot: str, version: int) -> int:
    """Return the seed of a version, below 2**63: all publishers of a version draw alike."""
    digest = blake2b(f"{slot}:{version}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def forgotten(published: Mapping[int, float], last: int = LAST) -> list[int]:
    """Return the versions to delete: neither among the newest nor the first of their hour.

    Idempotent: the first of an hour stays the first, so a version kept for its hour is kept for
    ever.

    Args:
        published: version -> seconds of its publication.
        last: number of the newest versions that are kept.
    """
    versions = sorted(published)
    first: dict[int, int] = {}
    for version in versions:
        first.setdefault(int(published[version] // HOUR), version)
    hourly = set(first.values())
    return [
        version for version in versions[: max(0, len(versions) - last)] if version not in hourly
    ]
