"""From send windows to moments: what is left of each under the contact policy, and when exactly.

Pure. What hangs on calendar and clock alone is computed once for a zone, a window, a cycle, a
purpose and a channel; each visitor takes their own part out of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from bandits.distribution import uniform_from_key
from bandits.units import DAY
from nudge.domain.basics.intervals import Interval, Intervals, merge, minus
from nudge.domain.basics.local_time import Days, date_of, local, month_range, pieces
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_calendar import Block, calendar_intervals
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, personal_blocks
from nudge.domain.slots.window import Anchor, Window

PAST: Final = "past"
NO_DAY: Final = "no_day"
"""The month has no such days."""
OTHER_PURPOSE: Final = "other_purpose"
"""The window is for other purposes: it is no alternative, and no record names it."""
OVER: Final = frozenset({PAST, NO_DAY})
"""Reasons of windows that will not come back in this cycle."""
NO_DATE: Final = "no_expected_date"
"""Nobody knows when the next recharge is expected."""
KEPT: Final = 4096
"""Windows whose calendar is remembered: 64 windows in as many zones, over a month's end."""
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Cycle:
    """The stretch in which a visitor has one plan.

    Attributes:
        index: of the cycle: months since the year 0, or the expected day.
        origin: local day from which days are counted: the first of the month, the expected day.
        days: of the month; 0 where days are counted from a date.
    """

    index: int
    origin: int
    days: int


@dataclass(frozen=True, slots=True)
class WindowTemplate:
    """A window before any visitor is looked at.

    Attributes:
        whole: all of it.
        open: without what the calendar forbids.
    """

    whole: Intervals
    open: Intervals


@dataclass(frozen=True)
class WindowQuery:
    """For what contact windows are looked at.

    Attributes:
        known: of the visitor.
        purpose: of the contact.
        channel: of the contact.
        at: seconds; what lies before is past.
        content: tag of what it says; empty where nobody told it.
    """

    known: ContactFacts
    purpose: str
    channel: str
    at: float
    content: str = ""


class Calendar:
    """Windows as the calendar leaves them, remembered.

    Attributes:
        policy: of the installation.
    """

    def __init__(self, policy: ContactPolicy) -> None:
        self.policy = policy
        self._parts = lru_cache(maxsize=KEPT)(self._part)

    def part(
        self, zone: ZoneInfo, window: Window, cycle: Cycle, purpose: str, way: str
    ) -> WindowTemplate:
        """A window, whole and as far as the calendar allows; `way` is the channel."""
        return self._parts(zone, window, cycle, purpose, way)

    def _part(
        self, zone: ZoneInfo, window: Window, cycle: Cycle, purpose: str, way: str
    ) -> WindowTemplate:
        whole = intervals_of(window, cycle, zone)
        allowed = (
            calendar_intervals(self.policy, zone, purpose, way, start, end) for start, end in whole
        )
        return WindowTemplate(whole, merge(one for found in allowed for one in found))


def cycle_at(anchor: Anchor, zone: ZoneInfo, at: float, expected_at: float | None) -> Cycle | None:
    """The cycle of a moment in seconds; None where no recharge is expected."""
    if anchor == "cycle":
        if expected_at is None:
            return None
        day, _ = local(zone, expected_at)
        return Cycle(day, day, 0)
    day, _ = local(zone, at)
    return Cycle(day, day, 0) if anchor == "now" else _month(day)


def next_cycle(cycle: Cycle) -> Cycle | None:
    """The month behind; None behind a date: only a payment moves the expected one."""
    return _month(cycle.origin + cycle.days) if cycle.days else None


def _month(day: int) -> Cycle:
    first, behind = month_range(day)
    date = date_of(day)
    return Cycle(date.year * MONTHS + date.month - 1, first, behind - first)


def days_of(window: Window, cycle: Cycle) -> Days:
    """The window's local days; the first is behind the last where the month has none of them."""
    if not cycle.days:
        return cycle.origin + window.first_day, cycle.origin + window.last_day + 1
    first, last = (
        day - 1 if day > 0 else cycle.days + day for day in (window.first_day, window.last_day)
    )
    return cycle.origin + max(0, first), cycle.origin + min(cycle.days - 1, last) + 1


def intervals_of(window: Window, cycle: Cycle, zone: ZoneInfo) -> Intervals:
    """The window as moments: in order, apart; an hour that comes twice is in it twice."""
    return merge(_daily(window, days_of(window, cycle), zone))


def _daily(window: Window, days: Days, zone: ZoneInfo) -> Iterator[Interval]:
    first, behind = days
    if first >= behind:
        return
    # A day more at both ends: no zone is further from UTC.
    for low, high, offset in pieces(zone, (first - 1) * DAY, (behind + 1) * DAY):
        for day in range(first, behind):
            start, end = (day * DAY - offset + second for second in window.hours)
            yield max(low, start), min(high, end)


def left_of(
    calendar: Calendar, windows: Mapping[str, Window], cycle: Cycle | None, wanted: WindowQuery
) -> tuple[dict[str, Intervals], dict[str, str]]:
    """Find the rest of each window, and why nothing is left of the others.

    Args:
        calendar: of the policy.
        windows: by name.
        cycle: in which; None where it cannot be known.
        wanted: for what contact.

    Returns:
        Name -> moments that are allowed; name -> the policy's code, or one of this module's.
    """
    if cycle is None:
        return {}, dict.fromkeys(windows, NO_DATE)
    zone = calendar.policy.zone_of(wanted.known)
    parts = {
        name: calendar.part(zone, window, cycle, wanted.purpose, wanted.channel)
        for name, window in windows.items()
    }
    opens = {name: _from(part.open, wanted.at) for name, part in parts.items()}
    blocks = _personal(calendar.policy, wanted, [one for one in opens.values() if one])
    holes = merge((low, high) for _, low, high in blocks)
    left = {name: minus(one, holes) if holes else one for name, one in opens.items()}
    allowed = {name: one for name, one in left.items() if one}
    blocked = {
        name: _why(calendar.policy, wanted, parts[name], opens[name], blocks)
        for name, one in left.items()
        if not one
    }
    return allowed, blocked


def _personal(
    policy: ContactPolicy, wanted: WindowQuery, opens: Sequence[Intervals]
) -> list[Block]:
    """Find the blocks of the visitor's own part, from the first moment of windows to the last."""
    if not opens:
        return []
    start, end = min(one[0][0] for one in opens), max(one[-1][1] for one in opens)
    ask = policy, wanted.known, wanted.purpose, wanted.channel
    return personal_blocks(*ask, start, end, wanted.content)


def _why(
    policy: ContactPolicy,
    wanted: WindowQuery,
    part: WindowTemplate,
    calendar: Intervals,
    blocks: Iterable[Block],
) -> str:
    """Why nothing is left of a window, by its first moment that is not past."""
    if calendar:
        # The calendar leaves something: it is the visitor's own part that takes it.
        at = calendar[0][0]
        return next((why for why, low, high in blocks if low <= at < high), PAST)
    whole = _from(part.whole, wanted.at)
    if not whole:
        return PAST if part.whole else NO_DAY
    ask = policy, wanted.known, wanted.purpose, wanted.channel
    return forbidden(*ask, whole[0][0], wanted.content) or PAST


def _from(intervals: Intervals, at: float) -> Intervals:
    if not intervals or at <= intervals[0][0]:
        return intervals
    return tuple([(max(at, start), end) for start, end in intervals if end > at])


def beginning_of(intervals: Intervals, length: float) -> Intervals:
    """The first seconds of intervals: `length` of them, or all there are."""
    found: list[Interval] = []
    for start, end in intervals:
        if length <= 0.0:
            break
        found.append((start, min(end, start + length)))
        length -= end - start
    return tuple(found)


def length_of(intervals: Intervals) -> float:
    """Seconds that intervals take together."""
    return math.fsum(end - start for start, end in intervals)


def send_time(intervals: Intervals, length: float, key: str, salt: bytes) -> float:
    """The moment of a key in intervals, in seconds: over many keys evenly spread.

    A whole second, where the interval has one so early.

    Args:
        intervals: at least one.
        length: of them, by `length_of`.
        key: the same one has the same moment in the same intervals.
        salt: secret, so that nobody can choose a key by its moment.

    Raises:
        ValueError: there is no interval.
    """
    rest = uniform_from_key(key, salt) / 2**64 * length
    for start, end in intervals:
        if rest < end - start or (start, end) == intervals[-1]:
            # Rounding may lead up to the end, or behind the last one.
            return max(start, float(min(math.floor(start + rest), math.ceil(end) - 1)))
        rest -= end - start
    raise ValueError("there is no moment in no interval")
