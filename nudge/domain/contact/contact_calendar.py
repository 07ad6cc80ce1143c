"""The contact calendar: the rules that are equal for all visitors of a time zone.

Computed once for a zone, a window, a purpose and a channel, it serves a million visitors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bandits.units import DAY
from nudge.domain.basics.intervals import Interval, Intervals, without
from nudge.domain.basics.local_time import date_of, moments, pieces, weekday_of
from nudge.domain.contact.contact import HOLIDAY, QUIET_HOURS, WEEKDAY
from nudge.domain.contact.contact_policy import Channel, ContactPolicy
from nudge.domain.contact.public_holidays import public_holidays

Block = tuple[str, float, float]
"""A reason, the first moment that it forbids, and the first moment after it."""


def calendar_intervals(
    policy: ContactPolicy, zone: ZoneInfo, purpose: str, channel: str, start: float, end: float
) -> Intervals:
    """Return the parts of a window in which hour, weekday and holidays allow a contact.

    `start` and `end` are seconds; the end is excluded.
    """
    window = ((start, end),) if start < end else ()
    if purpose in policy.exempt:
        return window
    if purpose not in policy.purposes or channel not in policy.channels:
        return ()
    blocked = calendar_blocks(policy, zone, policy.channels[channel], start, end)
    return without(window, ((low, high) for _, low, high in blocked))


def calendar_blocks(
    policy: ContactPolicy, zone: ZoneInfo, channel: Channel, start: float, end: float
) -> Iterator[Block]:
    """Yield the blocks of the calendar in a window; a closed day has no blocks for its hours."""
    quiet = channel.quiet_parts
    for piece in pieces(zone, start, end):
        low, high, offset = piece
        first, last = math.floor(low + offset) // DAY, math.ceil(high + offset) // DAY
        for day in range(first, last + 1):
            reason = closed_reason(policy, day)
            for at in moments((piece,), (day, day + 1)):
                yield from _of_day(at, reason, quiet, day * DAY - offset)


def closed_reason(policy: ContactPolicy, day: int) -> str | None:
    """Return the reason that closes a local day to all contacts, or None."""
    found, holidays = date_of(day), policy.holidays
    if found in holidays.forbidden:
        return HOLIDAY
    if found in holidays.allowed:
        return None
    country = holidays.country
    if country and found in public_holidays(country, holidays.region, found.year):
        return HOLIDAY
    return WEEKDAY if weekday_of(day) not in policy.weekdays else None


def _of_day(
    at: Interval, reason: str | None, quiet: tuple[tuple[int, int], ...], midnight: int
) -> Iterator[Block]:
    if reason is not None:
        yield reason, *at
        return
    for start, end in quiet:
        low, high = max(at[0], midnight + start), min(at[1], midnight + end)
        if low < high:
            yield QUIET_HOURS, low, high
