"""Planning an SMS: what is asked and answered, and what is known of the customer. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from nudge.domain.basics.local_time import UTC, find_zone, iso
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.contact.contact import NO_CAPACITY, Contact, ContactFacts
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import Scalar
from nudge.domain.timing.windows import OVER

REMINDER: Final = "reminder"
SMS: Final = "sms"
ZONE: Final = "zone"
BLACKLISTED: Final = "blacklisted"
"""Names of attributes that the operator may load (`nudge load visitors`)."""


class PlanRequest(NamedTuple):
    """A scheduler's question: when to write to this customer.

    Attributes:
        visitor_id: external id; hashed before anything is kept.
        slots: what else is chosen for the same SMS.
        context: attributes that the caller knows.
        purpose: of the contact policy.
        channel: of the contact policy.
        zone: IANA name, where the caller knows better than the service.
    """

    visitor_id: str
    slots: tuple[str, ...] = ()
    context: Mapping[str, Scalar] = {}
    purpose: str = REMINDER
    channel: str = SMS
    zone: str | None = None


class PlanAnswer(NamedTuple):
    """The answer.

    Attributes:
        visitor_id: as asked.
        send_at: seconds; None where nothing may be sent, and then so are the next four.
        zone: name of the customer's.
        decision_id: to be sent with `sms_sent`.
        window: the variant.
        propensity: with which the window was drawn.
        link_token: for the link in the SMS.
        reason: of the decision; without one, what blocks most windows of the rest of the cycle.
        blocked: window -> why it was not possible.
        sticky: an earlier plan of the same cycle.
        decisions: slot -> what else goes into the SMS.
        displaces: decision ids of plans that do not fit beside this one: withdraw them.
    """

    visitor_id: str
    send_at: float | None
    zone: str
    decision_id: str | None
    window: str | None
    propensity: float | None
    link_token: str | None
    reason: str
    blocked: Mapping[str, str]
    sticky: bool = False
    decisions: Mapping[str, SlotAnswer] = {}
    displaces: tuple[str, ...] = ()


def unplanned(visitor_id: str, zone: str, blocked: Mapping[str, str]) -> PlanAnswer:
    """The answer where nothing may be sent.

    The reason is what blocks most of the month's rest; the capacity, where without that something
    could have been sent.
    """
    why = blocked.values()
    if NO_CAPACITY in why:
        reason = NO_CAPACITY
    else:
        rest = Counter(one for one in why if one not in OVER)
        ((reason, _),) = (rest or Counter(why)).most_common(1)
    return PlanAnswer(visitor_id, None, zone, None, None, None, None, reason, blocked)


def iso_of(timing: PlanAnswer) -> str | None:
    """When to send, by the customer's clock."""
    if timing.send_at is None:
        return None
    return iso(find_zone(timing.zone) or UTC, timing.send_at)


def plain(timing: PlanAnswer) -> dict[str, Any]:
    """The answer as plain JSON; the time by the customer's clock."""
    return {
        "visitor_id": timing.visitor_id,
        "send_at": iso_of(timing),
        "decision_id": timing.decision_id,
        "window": timing.window,
        "propensity": timing.propensity,
        "link_token": timing.link_token,
        "reason": timing.reason,
        "blocked": timing.blocked,
        "sticky": timing.sticky,
        "decisions": {name: asdict(given) for name, given in timing.decisions.items()},
        "displaces": list(timing.displaces),
    }


def contact_of(kept: StandingDecision) -> Contact | None:
    """The contact that a plan is; None for what is no plan."""
    made = kept.decision
    return None if made.due is None else Contact(made.due, made.channel, made.page)


def planned(assigned: Iterable[StandingDecision], at: float) -> dict[Contact, StandingDecision]:
    """What is still to be sent after a moment in seconds, and the plans that say so."""
    found = ((contact_of(kept), kept) for kept in assigned)
    return {contact: kept for contact, kept in found if contact and contact.at > at}


def known_of(state: VisitorState, plans: Iterable[Contact], zone: str | None) -> ContactFacts:
    """What the contact policy asks for.

    Args:
        state: of the visitor.
        plans: contacts that are to be made, without the one that is asked about.
        zone: that the caller gave, if any.
    """
    told = {one.name: one.value for one in state.known}
    loaded = told.get(ZONE)
    return ContactFacts(
        contacts=state.contacts,
        planned=tuple(plans),
        consents=state.consents,
        blacklisted=told.get(BLACKLISTED) is True,
        complained_at=state.complained_at,
        zone=zone or (loaded if isinstance(loaded, str) else None),
    )
