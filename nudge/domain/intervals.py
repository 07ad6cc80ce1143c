"""Stretches of time, from their first moment up to, and without, their end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

Interval = tuple[float, float]
"""Seconds: start (in it) and end (not in it)."""
Intervals = tuple[Interval, ...]
"""In order; they neither overlap nor touch."""


def without(intervals: Iterable[Interval], blocked: Iterable[Interval]) -> Intervals:
    """What is left of intervals when others are taken out.

    Args:
        intervals: in order, not overlapping.
        blocked: in any order; they may overlap, and may be empty or backwards.
    """
    holes = merged(blocked)
    return tuple(piece for one in intervals for piece in _left(one, holes))


def merged(intervals: Iterable[Interval]) -> Intervals:
    """The same time as fewest intervals, in order."""
    found: list[Interval] = []
    for start, end in sorted(one for one in intervals if one[0] < one[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def _left(one: Interval, holes: Intervals) -> Iterator[Interval]:
    start, end = one
    inside = [hole for hole in holes if hole[0] < end and start < hole[1]]
    if not inside:
        yield one
        return
    if start < inside[0][0]:
        yield start, inside[0][0]
    yield from ((before[1], after[0]) for before, after in pairwise(inside))
    if inside[-1][1] < end:
        yield inside[-1][1], end
