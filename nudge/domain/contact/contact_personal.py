"""The visitor's own part of the contact policy: consent, complaints, earlier contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from math import inf, nextafter
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.local_time import (
    Days,
    day_range,
    local,
    moments,
    month_range,
    pieces,
    week_range,
)
from nudge.domain.contact.contact import (
    BLACKLISTED,
    CAP_DAY,
    CAP_MONTH,
    CAP_WEEK,
    COMPLAINT,
    NO_CONSENT,
    SPACING,
    Contact,
    ContactFacts,
)
from nudge.domain.contact.contact_calendar import Block
from nudge.domain.contact.contact_limits import is_unlimited, limit_blocks
from nudge.domain.contact.contact_policy import Caps, Channel, ContactPolicy
from nudge.domain.contact.contact_sequences import is_unordered, sequence_blocks
from nudge.domain.contact.pressure_rules import ContactKind

_REACH: Final = 33.0 * DAY
"""Seconds beyond a window in which contacts may count: a month, and the offset of any zone."""

_REACHES: Final = (1.1 * DAY, 7.1 * DAY, 31.1 * DAY)
"""Longest seconds between two contacts of one local day, week or month."""

Limit = tuple[str, int, Callable[[int], Days]]
"""A reason, the cap, and the function from a local day to the period in which contacts count."""


def permission_blocks(
    policy: ContactPolicy, known: ContactFacts, channel: Channel, start: float, end: float
) -> Iterator[Block]:
    """Yield the blocks without permission: blacklist, complaint, missing or refused consent."""
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
    policy: ContactPolicy, known: ContactFacts, kind: ContactKind, start: float, end: float
) -> Iterator[Block]:
    """Yield the blocks that a visitor's contacts make, made and planned, in the order of the rules.

    A contact counts whether it lies before or after: two sends keep their distance, and fit under a
    cap, in whatever order they were planned.
    """
    counted = list_counted(policy, known, kind.purpose)
    if counted:
        yield from _calendar_blocks(policy, known, [one.at for one in counted], start, end)
        yield from limit_blocks(policy, counted, kind, start, end)
    if policy.sequences:
        yield from sequence_blocks(policy, known, kind)


def _calendar_blocks(
    policy: ContactPolicy, known: ContactFacts, counted: list[float], start: float, end: float
) -> Iterator[Block]:
    """Yield the blocks of the spacing, and of the caps by the visitor's calendar."""
    spacing = policy.spacing
    reach = max(spacing, _REACH)
    low, high = start - reach, end + reach
    times = [at for at in counted if low <= at <= high]
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


def list_counted(policy: ContactPolicy, known: ContactFacts, purpose: str) -> list[Contact]:
    """Return the contacts that count against one for this purpose.

    Transactional contacts do not count, unless they were offers; nor do planned ones of a lower
    priority: they give way.
    """
    exempt, there = policy.exempt, policy.list_around(known, purpose)
    return [one for one in there if one.purpose not in exempt or policy.carries_offer(one)]


def permission(known: ContactFacts, channel: str, at: float) -> bool | None:
    """Return a quick answer about a visitor's consent to a channel from a moment (seconds) on.

    Returns:
        True for a consent that holds, False for no word at all; None where only the full rule can
            tell: a refusal, a consent in the future, a complaint, the blacklist.
    """
    if known.blacklisted or known.complained_at is not None:
        return None
    said = [one for one in known.consents if one.channel == channel]
    if not said:
        return False
    last = said[0] if len(said) == 1 else max(said, key=lambda one: (one.at, not one.given))
    return True if last.given and last.at <= at else None


def unpressed(policy: ContactPolicy, known: ContactFacts, kind: ContactKind, at: float) -> bool:
    """Return True where contacts, made or planned, change nothing from a moment (seconds) on.

    So a visitor is like one without any contact. False means "not certain at first sight":
    `pressure_blocks` gives the exact answer.
    """
    if not known.contacts and not known.planned:
        return True
    counted = list_counted(policy, known, kind.purpose)
    ages = [at - one.at for one in counted]
    if any(age < policy.spacing for age in ages):
        return False
    caps = zip((policy.caps.day, policy.caps.week, policy.caps.month), _REACHES, strict=True)
    if any(m is not None and sum(age < reach for age in ages) >= m for m, reach in caps):
        return False
    return is_unlimited(policy, counted, kind, at) and is_unordered(policy, known, kind, at)


@lru_cache(maxsize=64)
def _limits(caps: Caps) -> tuple[Limit, ...]:
    listed = (
        (CAP_DAY, caps.day, day_range),
        (CAP_WEEK, caps.week, week_range),
        (CAP_MONTH, caps.month, month_range),
    )
    return tuple((reason, most, range_of) for reason, most, range_of in listed if most is not None)
