"""Local time: the calendar day and second of a moment in any time zone.

Every conversion goes from the moment to the local clock, which is always well defined, and never
back: a local time may exist twice or not at all. Between two changes of a zone's offset, local time
is the moment plus a constant, so intervals of local time are found by addition. A local day is a
number: days since 1970-01-01. Moments lie in the years 1 to 9999.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from bandits.units import DAY
from nudge.domain.basics.intervals import Interval

_EPOCH: Final = date(1970, 1, 1).toordinal()
_MONDAY_TO_EPOCH: Final = 3
"""Days from the Monday of its week to 1970-01-01, a Thursday."""
_WEEK: Final = 7
_QUARTER: Final = 900
_MINUTE: Final = len("2026-11-22T16:")
_SECOND: Final = len("2026-11-22T16:00:00")
UTC: Final = ZoneInfo("UTC")

Days = tuple[int, int]
"""Local days: the first, and the one after the last."""
Piece = tuple[float, float, int]
"""Start and end of an interval with one offset, and that offset: seconds ahead of UTC."""


@lru_cache(maxsize=1024)
def find_zone(name: str | None) -> ZoneInfo | None:
    """Return the time zone of an IANA name; None for no name and for an unknown one."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # unknown, a path, a directory of zones
        return None


def local(zone: ZoneInfo, at: float) -> tuple[int, int]:
    """Return the local day and the second of that day (0 to 86,399) of a moment.

    On the day of a change the second is what the clock shows, not what has passed.
    """
    second = math.floor(at)
    return divmod(second + _offset(zone, second), DAY)


def iso(zone: ZoneInfo, at: float) -> str:
    """Format a moment (seconds) as local time with its offset from UTC, in ISO 8601."""
    number, second = divmod(float(at), _QUARTER)
    known = _quarter(zone, int(number)) if second.is_integer() else None
    if known is None:
        return datetime.fromtimestamp(at, zone).isoformat()
    hour, first, offset = known
    minutes, seconds = divmod(int(second), 60)
    return f"{hour}{first + minutes:02}:{seconds:02}{offset}"


@lru_cache(maxsize=4096)
def _quarter(zone: ZoneInfo, number: int) -> tuple[str, int, str] | None:
    """Return the text up to the hour, the first minute and the offset of a quarter of an hour.

    None where the quarter spans two hours or two offsets; since 1972 none does.
    """
    ends = [datetime.fromtimestamp(number * _QUARTER + rest, zone) for rest in (0, _QUARTER - 1)]
    (first, whole), (last, _) = ((one, one.isoformat()) for one in ends)
    if first.utcoffset() != last.utcoffset() or first.hour != last.hour or first.second:
        return None
    return whole[:_MINUTE], first.minute, whole[_SECOND:]


@lru_cache(maxsize=4096)
def pieces(zone: ZoneInfo, start: float, end: float) -> tuple[Piece, ...]:
    """Cut an interval where the zone's offset changes."""
    return tuple(_pieces(zone, start, end)) if start < end else ()


def moments(cut: tuple[Piece, ...], days: Days) -> Iterator[Interval]:
    """Yield the parts of an interval, cut into pieces, that lie in some local days."""
    first, behind = days[0] * DAY, days[1] * DAY
    for start, end, offset in cut:
        low, high = max(start, first - offset), min(end, behind - offset)
        if low < high:
            yield low, high


def date_of(day: int) -> date:
    """Return the date of a local day."""
    return date.fromordinal(_EPOCH + day)


def weekday_of(day: int) -> int:
    """Return the weekday of a local day; 0 is Monday."""
    return (day + _MONDAY_TO_EPOCH) % _WEEK


def day_range(day: int) -> Days:
    """Return the range of one local day."""
    return day, day + 1


@lru_cache(maxsize=4096)
def week_range(day: int) -> Days:
    """Return the ISO week of a local day: Monday to Sunday."""
    monday = day - weekday_of(day)
    return monday, monday + _WEEK


@lru_cache(maxsize=4096)
def month_range(day: int) -> Days:
    """Return the calendar month of a local day."""
    found = date_of(day)
    _, length = monthrange(found.year, found.month)
    first = day - found.day + 1
    return first, first + length


def _offset(zone: ZoneInfo, second: int) -> int:
    changes = _changes(zone, second // DAY)
    return changes[-1][1] if second >= changes[-1][0] else changes[0][1]


def _pieces(zone: ZoneInfo, start: float, end: float) -> Iterator[Piece]:
    begun, offset = start, _offset(zone, math.floor(start))
    for day in range(math.floor(start) // DAY, math.ceil(end / DAY)):
        for change, after in _changes(zone, day):
            if after != offset and begun < change < end:
                yield begun, change, offset
                begun, offset = change, after
    yield begun, end, offset


@lru_cache(maxsize=16_384)
def _changes(zone: ZoneInfo, day: int) -> tuple[tuple[int, int], ...]:
    """Return the offsets of a day of UTC as pairs (second, offset from then on).

    The first pair is the day's start; a second one is a change of offset. A day has at most one
    change: in the zone database there are at least six days between two.
    """
    low, high = day * DAY, (day + 1) * DAY - 1
    before, after = _read(zone, low), _read(zone, high)
    if before == after:
        return ((low, before),)
    start = low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _read(zone, middle) == before else (low, middle)
    return (start, before), (high, after)


def _read(zone: ZoneInfo, second: int) -> int:
    shift = datetime.fromtimestamp(second, zone).utcoffset()
    return 0 if shift is None else shift.days * DAY + shift.seconds
