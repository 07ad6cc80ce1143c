"""Contact for a measure: whether the visitor may be contacted now, by which channel. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.care.case import Case, CaseAction
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, next_allowed_time
from nudge.domain.measures.measure import Measure

TALK: Final = float(DAY)
"""Seconds for which a contact that was made counts as the one in which the measure is told."""
LOOK: Final = 8.0 * DAY
"""Seconds in which the next moment for a contact is looked for."""


class MeasureContact(NamedTuple):
    """The contact in which a measure may be told.

    Attributes:
        channel: that is open now; empty where none is.
        reason: code of what forbids the first channel; None where a channel is open.
        start: seconds, the next moment of some channel; None where there is none within days.
    """

    channel: str
    reason: str | None = None
    start: float | None = None


def find_contact(
    measure: Measure,
    case: Case,
    policy: ContactPolicy | None,
    known: ContactFacts,
    capacity: Capacity,
    at: float,
) -> MeasureContact:
    """Find the contact in which the measure of a case may be told now.

    Who has just been contacted about the case may be told of it: the policy was asked for that
    contact, which is one of its caps now.

    Args:
        measure: with its channels and purpose.
        case: with the contacts that were made.
        policy: of contacts; None where none is configured: nothing forbids them.
        known: facts about the visitor.
        capacity: used of the gateways.
        at: seconds, now.
    """
    made = [one for one in case.steps if one.action == CaseAction.CONTACT and one.at > at - TALK]
    if made:
        return MeasureContact(str(made[-1].fact("channel") or measure.channels[0]))
    if policy is None:
        return MeasureContact(measure.channels[0])
    purpose, reasons = measure.purpose, list[str]()
    for channel in measure.channels:
        why = forbidden(policy, known, purpose, channel, at)
        if why is None:
            why = capacity.forbidden(policy, purpose, channel, at)
        if why is None:
            return MeasureContact(channel)
        reasons.append(why)
    return MeasureContact("", reasons[0], _start(measure, policy, known, at))


def _start(measure: Measure, policy: ContactPolicy, known: ContactFacts, at: float) -> float | None:
    """Return the next moment of any channel that the policy knows."""
    if measure.purpose not in policy.purposes or measure.purpose in policy.exempt:
        return None
    channels = [one for one in measure.channels if one in policy.channels]
    found = (
        next_allowed_time(policy, known, measure.purpose, one, at, at + LOOK) for one in channels
    )
    return min((one for one in found if one is not None), default=None)
