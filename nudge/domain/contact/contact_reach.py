"""Reach of a visitor today: which contacts may still go out by their clock, and why not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bandits.units import DAY
from nudge.domain.basics.intervals import Intervals, merge, minus
from nudge.domain.basics.local_time import local, moments, pieces
from nudge.domain.contact.contact import NO_CAPACITY, ContactFacts
from nudge.domain.contact.contact_calendar import calendar_intervals
from nudge.domain.contact.contact_capacity import Capacity, limit, spans
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, personal_intervals


class Reach(NamedTuple):
    """The chance of one more contact until the visitor's midnight.

    Attributes:
        purpose: of the contact.
        channel: of the contact.
        start: seconds, the first moment that is allowed; None where none is.
        reason: code of what forbids it; None where it is allowed.
    """

    purpose: str
    channel: str
    start: float | None
    reason: str | None


def list_reach(
    policy: ContactPolicy, known: ContactFacts, capacity: Capacity, at: float
) -> Iterator[Reach]:
    """Yield what may reach a visitor from now (seconds) to their midnight, for each kind.

    `capacity` holds what is used of the gateways.
    """
    today = _rest_of_day(policy, known, at)
    for purpose in policy.purposes:
        for channel in policy.channels:
            yield _reach(policy, known, Reach(purpose, channel, None, None), today, capacity)


def _rest_of_day(policy: ContactPolicy, known: ContactFacts, at: float) -> Intervals:
    """Return the rest of the local day; it is longer than 24 hours where the clock is set back."""
    zone = policy.zone_of(known)
    day, _ = local(zone, at)
    return merge(moments(pieces(zone, at, at + 2 * DAY), (day, day + 1)))


def _reach(
    policy: ContactPolicy,
    known: ContactFacts,
    asked: Reach,
    today: Intervals,
    capacity: Capacity,
) -> Reach:
    kind, zone = (asked.purpose, asked.channel), policy.zone_of(known)
    parts = (calendar_intervals(policy, zone, *kind, *part) for part in today)
    calendar = merge(one for found in parts for one in found)
    allowed = personal_intervals(policy, known, *kind, calendar)
    most = limit(policy, *kind)
    left = allowed
    if most is not None:
        left = minus(allowed, merge(spans(capacity.full(asked.channel, most))))
    if left:
        return asked._replace(start=left[0][0])
    if allowed:
        return asked._replace(reason=NO_CAPACITY)
    # Of what the calendar leaves, the visitor's own part takes the first moment, too.
    first = (calendar or today)[0][0]
    return asked._replace(reason=forbidden(policy, known, *kind, first))
