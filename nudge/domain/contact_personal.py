"""The part of the contact policy that hangs on the customer: consent, complaints, contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from math import inf, nextafter
from typing import Final

from nudge.domain.contact import (
    BLACKLISTED,
    CAP_DAY,
    CAP_MONTH,
    CAP_WEEK,
    COMPLAINT,
    NO_CONSENT,
    SPACING,
    Known,
)
from nudge.domain.contact_calendar import Block
from nudge.domain.contact_policy import Caps, Channel, ContactPolicy
from nudge.domain.local_time import (
    DAY,
    Days,
    day_range,
    local,
    moments,
    month_range,
    pieces,
    week_range,
)

_REACH: Final = 33.0 * DAY
"""Seconds beyond a window in which contacts may count: a month, and the offset of any zone."""

Limit = tuple[str, int, Callable[[int], Days]]
"""A reason, the most contacts, and from a local day to the period that they are counted in."""


def permission_blocks(
    policy: ContactPolicy, known: Known, channel: Channel, start: float, end: float
) -> Iterator[Block]:
    """Where in a window the customer has not agreed to be contacted."""
    if known.blacklisted:
        yield BLACKLISTED, start, end
    if known.complained_at is not None:
        yield COMPLAINT, known.complained_at, known.complained_at + policy.complaint_pause
    allowed, since = channel.consent == "unless_refused", start
    said = sorted((one.at, not one.given) for one in known.consents if one.channel == channel.name)
    for at, refused in said:
        if not allowed:
            yield NO_CONSENT, since, at
        allowed, since = not refused, max(start, at)
    if not allowed:
        yield NO_CONSENT, since, end


def pressure_blocks(
    policy: ContactPolicy, known: Known, purpose: str, start: float, end: float
) -> Iterator[Block]:
    """Where in a window the customer's contacts, made and planned, leave no room for another.

    A contact counts whether it lies before or behind: two sends keep their distance, and fit under
    a cap, in whatever order they were planned.
    """
    spacing = policy.spacing
    reach = max(spacing, _REACH)
    low, high = start - reach, end + reach
    times = [at for at in counted(policy, known, purpose) if low <= at <= high]
    if spacing > 0:
        for at in times:
            if start < at + spacing and at - spacing < end:
                # Exactly the spacing before is allowed, as is exactly the spacing behind.
                yield SPACING, nextafter(at - spacing, inf), at + spacing
    limits = [one for one in _limits(policy.caps) if len(times) >= one[1]]
    if not limits:
        return
    zone = policy.zone_of(known)
    days = [local(zone, at)[0] for at in times]
    cut = pieces(zone, start, end)
    for reason, most, range_of in limits:
        for full, count in Counter(map(range_of, days)).items():
            if count >= most:
                yield from ((reason, *at) for at in moments(cut, full))


def counted(policy: ContactPolicy, known: Known, purpose: str) -> list[float]:
    """Seconds of the contacts that count when one for this purpose is to be made.

    Transactional ones do not, nor does what is planned for a lower priority: it gives way.
    """
    exempt, priority = policy.exempt, policy.priority
    times = [one.at for one in known.contacts if one.purpose not in exempt]
    if known.planned:
        rank = priority(purpose)
        stay = (one for one in known.planned if priority(one.purpose) >= rank)
        times += [one.at for one in stay if one.purpose not in exempt]
    return times


@lru_cache(maxsize=64)
def _limits(caps: Caps) -> tuple[Limit, ...]:
    listed = (
        (CAP_DAY, caps.day, day_range),
        (CAP_WEEK, caps.week, week_range),
        (CAP_MONTH, caps.month, month_range),
    )
    return tuple((reason, most, range_of) for reason, most, range_of in listed if most is not None)
