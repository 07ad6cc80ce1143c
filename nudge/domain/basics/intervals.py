"""Intervals of time: the start belongs to an interval, the end does not."""

from __future__ import annotations

from collections.abc import Iterable

Interval = tuple[float, float]
"""Start (included) and end (excluded), in seconds."""
Intervals = tuple[Interval, ...]
"""Intervals in order, which neither overlap nor touch."""


def without(intervals: Iterable[Interval], blocked: Iterable[Interval]) -> Intervals:
    """Subtract blocked intervals, in any order, from intervals.

    Args:
        intervals: in order, not overlapping.
        blocked: in any order; they may overlap, and may be empty or backwards.
    """
    return minus(intervals, merge(blocked))


def minus(intervals: Iterable[Interval], holes: Intervals) -> Intervals:
    """Subtract intervals from intervals; both are in order and without overlaps."""
    found: list[Interval] = []
    first = 0
    for start, end in intervals:
        at = start
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        for low, high in holes[first:]:
            if low >= end:
                break
            if at < low:
                found.append((at, low))
            at = high
        if at < end:
            found.append((at, end))
    return tuple(found)


def merge(intervals: Iterable[Interval]) -> Intervals:
    """Merge intervals into the fewest that cover the same time, in order."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
