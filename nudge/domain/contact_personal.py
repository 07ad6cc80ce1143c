"""The part of the contact policy that hangs on the customer: consent, complaints, contacts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
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
from nudge.domain.local_time import Days, day_range, local, moments, month_range, pieces, week_range

_CAPS: Final[Mapping[str, tuple[Callable[[Caps], int | None], Callable[[int], Days]]]] = {
    CAP_DAY: (lambda caps: caps.day, day_range),
    CAP_WEEK: (lambda caps: caps.week, week_range),
    CAP_MONTH: (lambda caps: caps.month, month_range),
}


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
    times = counted(policy, known, purpose)
    if not times:
        return
    if policy.spacing > 0:
        for at in times:
            # Exactly the spacing before is allowed, as is exactly the spacing behind.
            yield SPACING, math.nextafter(at - policy.spacing, math.inf), at + policy.spacing
    limits = [
        (reason, most, range_of)
        for reason, (limit, range_of) in _CAPS.items()
        if (most := limit(policy.caps)) is not None and len(times) >= most
    ]
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
    exempt = policy.is_exempt
    times = [one.at for one in known.contacts if not exempt(one.purpose)]
    if known.planned:
        rank = policy.priority(purpose)
        times += [
            one.at
            for one in known.planned
            if policy.priority(one.purpose) >= rank and not exempt(one.purpose)
        ]
    return times
