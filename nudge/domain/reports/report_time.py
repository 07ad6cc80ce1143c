"""A report's view over time: exposures of each variant, by revision and policy version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, IntArray
from bandits.units import DAY, HOUR
from nudge.domain.reports.cube import Allocation, Cube

HOURS: Final = 3 * DAY
"""Longest period in seconds that is shown by the hour."""
FEWEST: Final = 20
"""Least number of people for which figures are shown."""


FIRST: Final = datetime.min.replace(tzinfo=UTC).timestamp()
LAST: Final = datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp()
"""First and last second that the calendar has."""


def allocation(cube: Cube) -> dict[str, object]:
    """Return exposures by bucket of time and variant, with marks for revisions.

    A bucket with few people has no figures. Each bucket names the oldest and the newest version of
    the policy that drew in it.
    """
    found = cube.allocation
    seconds = _seconds(found)
    buckets = found.start // seconds
    return {
        "bucket_seconds": seconds,
        "buckets": [
            _bucket(cube, int(start) * seconds, buckets == start) for start in np.unique(buckets)
        ],
        "revisions": list(_revisions(found)),
    }


def _seconds(found: Allocation) -> int:
    if not len(found.start):
        return HOUR
    return HOUR if int(found.start.max() - found.start.min()) < HOURS else DAY


def _bucket(cube: Cube, start: int, inside: BoolArray) -> dict[str, object]:
    found = cube.allocation
    rows = np.bincount(found.variant[inside], found.rows[inside], len(cube.variants))
    hidden = people(found.bits[inside]) < FEWEST
    shown = {name: int(n) for name, n in zip(cube.variants, rows, strict=True) if n}
    return {
        "at": iso(start),
        "exposures": int(rows.sum()),
        "hidden": hidden,
        "variants": {} if hidden else shown,
        "policy_versions": [int(found.oldest[inside].min()), int(found.newest[inside].max())],
    }


def people(bits: IntArray) -> int:
    """Return a lower bound on the people: the groups of subjects that occur, of 60."""
    return int(np.bitwise_or.reduce(bits)).bit_count() if len(bits) else 0


def _revisions(found: Allocation) -> Iterator[dict[str, object]]:
    for revision in np.unique(found.revision):
        first = float(found.first[found.revision == revision].min())
        yield {"revision": int(revision), "at": iso(first)}


def lake_of(since: float | None) -> dict[str, object]:
    """Describe the lake behind an answer.

    Args:
        since: seconds; the lake has everything logged later. None: nothing was removed.
    """
    return {"lake": {"from": iso(since)}}


def iso(seconds: float | None) -> str | None:
    """Format a time as the API writes it; a time that no calendar has is the nearest that it has.

    An import of earlier versions may have brought such a time in: no report may fail on it.
    """
    if seconds is None:
        return None
    return datetime.fromtimestamp(min(max(seconds, FIRST), LAST), UTC).isoformat()
