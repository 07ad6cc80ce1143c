"""Whether a customer may be contacted, and when: pure functions of (known, policy, time).

All of them read the same list of forbidden stretches, so that they cannot disagree: a moment is
forbidden where one of them covers it, and a window is allowed where none does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.intervals import Intervals, without
from nudge.domain.contact.contact import UNKNOWN_CHANNEL, UNKNOWN_PURPOSE, Contact, ContactFacts
from nudge.domain.contact.contact_calendar import Block, calendar_blocks, calendar_intervals
from nudge.domain.contact.contact_personal import permission_blocks, pressure_blocks
from nudge.domain.contact.contact_policy import ContactPolicy

_STEP: Final = 8.0 * DAY
"""Seconds that are looked at in one go: most customers find a moment in the first."""


def forbidden(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, at: float
) -> str | None:
    """The reason code why a contact may not be made, or None where it may.

    Capacity is not asked for: see `contact_capacity`.

    Args:
        policy: of the installation.
        known: of the customer.
        purpose: of the contact.
        channel: of the contact.
        at: seconds; now or later.
    """
    if purpose not in policy.purposes:
        return UNKNOWN_PURPOSE
    if purpose in policy.exempt:
        return None
    if channel not in policy.channels:
        return UNKNOWN_CHANNEL
    blocks = _blocks(policy, known, purpose, channel, at)
    return next((reason for reason, start, end in blocks if start <= at < end), None)


def allowed_intervals(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, start: float, end: float
) -> Intervals:
    """The parts of a window in which a contact may be made.

    Args:
        policy: of the installation.
        known: of the customer.
        purpose: of the contact.
        channel: of the contact.
        start: seconds, in the window.
        end: seconds, not in it.

    Returns:
        Intervals from their first moment up to, and without, their end; in order.
    """
    zone = policy.zone_of(known)
    calendar = calendar_intervals(policy, zone, purpose, channel, start, end)
    return personal_intervals(policy, known, purpose, channel, calendar)


def personal_intervals(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, calendar: Intervals
) -> Intervals:
    """What a customer leaves of what the calendar allows.

    Args:
        policy: of the installation.
        known: of the customer.
        purpose: of the contact.
        channel: of the contact.
        calendar: of `calendar_intervals`, for the zone `policy.zone_of(known)`.
    """
    if not calendar or purpose in policy.exempt:
        return calendar
    blocks = personal_blocks(policy, known, purpose, channel, calendar[0][0], calendar[-1][1])
    return without(calendar, ((low, high) for _, low, high in blocks)) if blocks else calendar


def personal_blocks(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, start: float, end: float
) -> list[Block]:
    """Where in a window the customer's own part forbids a contact, in the order of the rules.

    Of a longer window it is the same, and more: what reaches beyond is not cut off.

    Args:
        policy: of the installation, which knows purpose and channel.
        known: of the customer.
        purpose: of the contact.
        channel: of the contact.
        start: seconds, in the window.
        end: seconds, not in it.
    """
    if purpose in policy.exempt:
        return []
    way = policy.channels[channel]
    return [
        *permission_blocks(policy, known, way, start, end),
        *pressure_blocks(policy, known, purpose, start, end),
    ]


def next_allowed_time(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, at: float, until: float
) -> float | None:
    """The first moment at which a contact may be made, or None where there is none in time.

    Args:
        policy: of the installation.
        known: of the customer.
        purpose: of the contact.
        channel: of the contact.
        at: seconds, from which on; itself, where it is allowed.
        until: seconds, finite; earlier than that.
    """
    while at < until:
        end = min(at + _STEP, until)
        if found := allowed_intervals(policy, known, purpose, channel, at, end):
            return found[0][0]
        at = end
    return None


def displaced_contacts(
    policy: ContactPolicy, known: ContactFacts, made: Contact
) -> tuple[Contact, ...]:
    """What is planned and does not fit any more once a contact of higher priority is made.

    The caller withdraws these, or plans them anew. What fits beside it stays.

    Args:
        policy: of the installation.
        known: of the customer, before.
        made: the new contact.
    """
    rank = policy.priority(made.purpose)
    gone: list[Contact] = []
    stay = [one for one in known.planned if policy.priority(one.purpose) >= rank]
    weaker = [one for one in known.planned if policy.priority(one.purpose) < rank]
    for one in sorted(weaker, key=lambda each: (-policy.priority(each.purpose), each.at)):
        beside = known._replace(contacts=(*known.contacts, made), planned=tuple(stay))
        fits = forbidden(policy, beside, one.purpose, one.channel, one.at) is None
        (stay if fits else gone).append(one)
    return tuple(gone)


def _blocks(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, at: float
) -> Iterator[Block]:
    """All that is forbidden around a moment, in the order of the rules."""
    behind = at + 1.0
    way = policy.channels[channel]
    yield from permission_blocks(policy, known, way, at, behind)
    yield from calendar_blocks(policy, policy.zone_of(known), way, at, behind)
    yield from pressure_blocks(policy, known, purpose, at, behind)
