"""The rules of contact: pure functions of a visitor's facts, the policy and the time.

All of them read the same list of blocks, so that they cannot disagree: a moment is forbidden where
a block covers it, and a window is allowed where none does.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.intervals import Intervals, without
from nudge.domain.contact.contact import (
    NO_OFFERS,
    UNKNOWN_CHANNEL,
    UNKNOWN_PURPOSE,
    Contact,
    ContactFacts,
)
from nudge.domain.contact.contact_calendar import Block, calendar_blocks, calendar_intervals
from nudge.domain.contact.contact_personal import permission_blocks, pressure_blocks
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.pressure_rules import ContactKind

_STEP: Final = 8.0 * DAY
"""Seconds searched in one go: most visitors find a moment in the first."""


def forbidden(
    policy: ContactPolicy,
    known: ContactFacts,
    purpose: str,
    channel: str,
    at: float,
    content: str = "",
) -> str | None:
    """Return the reason that forbids a contact at a moment (seconds, now or later), or None.

    `content` is the tag of what it says, if any. Capacity is not checked here: see
    `contact_capacity`.
    """
    ask = policy, known, ContactKind(purpose, channel, content), at
    return next(_forbidding(*ask), None)


def list_forbidding(
    policy: ContactPolicy, known: ContactFacts, kind: ContactKind, at: float
) -> tuple[str, ...]:
    """Return every reason that forbids a contact at a moment (seconds), in the order of the rules.

    The first is that of `forbidden`.
    """
    return tuple(dict.fromkeys(_forbidding(policy, known, kind, at)))


def allowed_intervals(
    policy: ContactPolicy,
    known: ContactFacts,
    purpose: str,
    channel: str,
    start: float,
    end: float,
    content: str = "",
) -> Intervals:
    """Return the parts of a window in which a contact is allowed.

    `start` and `end` are seconds; the end is excluded. `content` is the tag of what it says, if
    any.
    """
    zone = policy.zone_of(known)
    calendar = calendar_intervals(policy, zone, purpose, channel, start, end)
    return personal_intervals(policy, known, purpose, channel, calendar, content)


def personal_intervals(
    policy: ContactPolicy,
    known: ContactFacts,
    purpose: str,
    channel: str,
    calendar: Intervals,
    content: str = "",
) -> Intervals:
    """Subtract a visitor's own blocks from the intervals that the calendar allows.

    `calendar` is the result of `calendar_intervals` for the zone `policy.zone_of(known)`.
    """
    if not calendar:
        return calendar
    start, end = calendar[0][0], calendar[-1][1]
    blocks = personal_blocks(policy, known, purpose, channel, start, end, content)
    return without(calendar, ((low, high) for _, low, high in blocks)) if blocks else calendar


def personal_blocks(
    policy: ContactPolicy,
    known: ContactFacts,
    purpose: str,
    channel: str,
    start: float,
    end: float,
    content: str = "",
) -> list[Block]:
    """Return the visitor's own blocks in a window, in the order of the rules.

    Blocks are not cut at the window's ends (seconds), and a longer window has all blocks of a
    shorter one. The policy must know purpose and channel. What is exempt has one block, where it is
    an offer.
    """
    kind = ContactKind(purpose, channel, content)
    if purpose in policy.exempt:
        return [(NO_OFFERS, -inf, inf)] if policy.carries_offer(kind) else []
    return [
        *permission_blocks(policy, known, policy.channels[channel], start, end),
        *pressure_blocks(policy, known, kind, start, end),
    ]


def next_allowed_time(
    policy: ContactPolicy,
    known: ContactFacts,
    purpose: str,
    channel: str,
    at: float,
    until: float,
    content: str = "",
) -> float | None:
    """Return the first moment from `at` on at which a contact is allowed, or None.

    Args:
        policy: of the installation.
        known: facts about the visitor.
        purpose: of the contact.
        channel: of the contact.
        at: seconds; the answer may be this moment.
        until: seconds, finite; the answer lies before it.
        content: tag of what it says, if any.
    """
    while at < until:
        end = min(at + _STEP, until)
        if found := allowed_intervals(policy, known, purpose, channel, at, end, content):
            return found[0][0]
        at = end
    return None


def displaced_contacts(
    policy: ContactPolicy, known: ContactFacts, made: Contact
) -> tuple[Contact, ...]:
    """Return the planned contacts that no longer fit once a contact of higher priority is made.

    The caller withdraws these, or plans them anew. `known` are the facts before the new contact.
    """
    rank = policy.priority(made.purpose)
    gone: list[Contact] = []
    stay = [one for one in known.planned if policy.priority(one.purpose) >= rank]
    weaker = [one for one in known.planned if policy.priority(one.purpose) < rank]
    for one in sorted(weaker, key=lambda each: (-policy.priority(each.purpose), each.at)):
        beside = known._replace(contacts=(*known.contacts, made), planned=tuple(stay))
        ask = policy, beside, one.purpose, one.channel, one.at, one.content
        fits = forbidden(*ask) is None
        (stay if fits else gone).append(one)
    return tuple(gone)


def _forbidding(
    policy: ContactPolicy, known: ContactFacts, kind: ContactKind, at: float
) -> Iterator[str]:
    """Yield the reasons that forbid a contact at a moment, one for each block that covers it."""
    if kind.purpose not in policy.purposes:
        yield UNKNOWN_PURPOSE
    elif kind.purpose in policy.exempt:
        if policy.carries_offer(kind):
            yield NO_OFFERS
    elif kind.channel not in policy.channels:
        yield UNKNOWN_CHANNEL
    else:
        blocks = _blocks(policy, known, kind, at)
        yield from (reason for reason, start, end in blocks if start <= at < end)


def _blocks(
    policy: ContactPolicy, known: ContactFacts, kind: ContactKind, at: float
) -> Iterator[Block]:
    """Yield all blocks around a moment, in the order of the rules."""
    behind = at + 1.0
    way = policy.channels[kind.channel]
    yield from permission_blocks(policy, known, way, at, behind)
    yield from calendar_blocks(policy, policy.zone_of(known), way, at, behind)
    yield from pressure_blocks(policy, known, kind, at, behind)
