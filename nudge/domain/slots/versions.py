"""Versions of a slot's policy: from what seed each is made, and which are kept."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from bandits.units import HOUR

LAST: Final = 100
"""Versions that are kept in any case."""


def seed_of(slot: str, version: int) -> int:
    """The seed of a version, below 2**63: whoever makes the version makes the same draws."""
    digest = blake2b(f"{slot}:{version}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def forgotten(published: Mapping[int, float], last: int = LAST) -> list[int]:
    """The versions that need not be kept: neither among the last nor the first of their hour.

    The first stays the first, so what was kept once for its hour is kept for ever.

    Args:
        published: version -> seconds when it was published.
        last: how many of the newest are kept.
    """
    versions = sorted(published)
    first: dict[int, int] = {}
    for version in versions:
        first.setdefault(int(published[version] // HOUR), version)
    hourly = set(first.values())
    return [
        version for version in versions[: max(0, len(versions) - last)] if version not in hourly
    ]
