"""A report's view over time: exposures of each variant, by revision and policy version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, IntArray
from bandits.units import DAY, HOUR
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.cube import Allocation, Cube

HOURS: Final = 3 * DAY
"""Longest period in seconds that is shown by the hour."""
FEWEST: Final = 20
"""Least number of people for which figures are shown."""


def allocation(cube: Cube, calendar: OperatorCalendar) -> dict[str, object]:
    """Return exposures by bucket of time and variant, with marks for revisions.

    A bucket is an hour or a day of the calendar. One with few people has no figures. Each names the
    oldest and the newest version of the policy that drew in it.
    """
    found = cube.allocation
    seconds = _seconds(found)
    moments, place = np.unique(found.start, return_inverse=True)
    starts = np.array([_start(calendar, float(at), seconds) for at in moments], dtype=np.float64)
    buckets = starts[place]
    return {
        "bucket_seconds": seconds,
        "buckets": [
            _bucket(cube, calendar.label(float(start)), buckets == start)
            for start in np.unique(buckets)
        ],
        "revisions": list(_revisions(found, calendar)),
    }


def floor_range(found: Allocation) -> dict[str, float | None]:
    """Return the lowest and the highest floor with which the policy drew.

    Both are None where no decision has one: the policy drew nothing, or an earlier version did.
    """
    known = ~np.isnan(found.lowest)
    if not known.any():
        return {"lowest": None, "highest": None}
    return {
        "lowest": float(found.lowest[known].min()),
        "highest": float(found.highest[known].max()),
    }


def _seconds(found: Allocation) -> int:
    if not len(found.start):
        return HOUR
    return HOUR if int(found.start.max() - found.start.min()) < HOURS else DAY


def _start(calendar: OperatorCalendar, at: float, seconds: int) -> float:
    if seconds == HOUR:
        return calendar.start_of_hour(at)
    return calendar.start_of_day(calendar.day_of(at))


def _bucket(cube: Cube, label: str, inside: BoolArray) -> dict[str, object]:
    found = cube.allocation
    rows = np.bincount(found.variant[inside], found.rows[inside], len(cube.variants))
    hidden = people(found.bits[inside]) < FEWEST
    shown = {name: int(n) for name, n in zip(cube.variants, rows, strict=True) if n}
    return {
        "at": label,
        "exposures": int(rows.sum()),
        "hidden": hidden,
        "variants": {} if hidden else shown,
        "policy_versions": [int(found.oldest[inside].min()), int(found.newest[inside].max())],
    }


def people(bits: IntArray) -> int:
    """Return a lower bound on the people: the groups of subjects that occur, of 60."""
    return int(np.bitwise_or.reduce(bits)).bit_count() if len(bits) else 0


def _revisions(found: Allocation, calendar: OperatorCalendar) -> Iterator[dict[str, object]]:
    for revision in np.unique(found.revision):
        first = float(found.first[found.revision == revision].min())
        yield {"revision": int(revision), "at": calendar.label(first)}


def lake_of(since: float | None, calendar: OperatorCalendar) -> dict[str, object]:
    """Describe the lake behind an answer.

    Args:
        since: seconds; the lake has everything logged later. None: nothing was removed.
        calendar: of the label.
    """
    return {"lake": {"from": calendar.label_or_none(since)}}
