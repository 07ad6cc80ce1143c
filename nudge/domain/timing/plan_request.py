"""Plan requests and answers, and the facts of the visitor that they need. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from nudge.domain.basics.local_time import UTC, find_zone, iso
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.contact.contact import NO_CAPACITY, Contact, ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.journal.records import Decision
from nudge.domain.people.deliveries import name_of_plan
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import Scalar
from nudge.domain.timing.windows import OVER

REMINDER: Final = "reminder"
SMS: Final = "sms"
ZONE: Final = "zone"
BLACKLISTED: Final = "blacklisted"
"""Names of attributes that the operator may load (`nudge load visitors`)."""
CONTENT: Final = "~content"
"""Attribute of a plan's context that holds the tag of what its SMS says: no client names one so."""
EARLY: Final = 3600.0
"""Seconds by which an SMS may go out before its time and still be the one that was planned."""


class PlanRequest(NamedTuple):
    """The scheduler's question: when to write to this visitor.

    Attributes:
        visitor_id: external id; hashed before anything is kept.
        slots: other slots that are decided for the same SMS.
        context: attributes that the caller knows.
        purpose: of the contact policy.
        channel: of the contact policy.
        zone: IANA name, where the caller knows better than the service.
        masked: phone numbers that were masked in its words.
        content: tag of what the SMS says; empty: the variant of the first slot that is decided.
    """

    visitor_id: str
    slots: tuple[str, ...] = ()
    context: Mapping[str, Scalar] = {}
    purpose: str = REMINDER
    channel: str = SMS
    zone: str | None = None
    masked: int = 0
    content: str = ""


class PlanAnswer(NamedTuple):
    """The answer to a scheduler.

    Attributes:
        visitor_id: as asked.
        send_at: seconds; None where nothing may be sent, and then so are the next four.
        zone: name of the visitor's time zone.
        decision_id: to be sent with `sms_sent`.
        window: variant.
        propensity: with which the window was drawn.
        link_token: for the link in the SMS.
        reason: of the decision; without one, what blocks most windows of the rest of the cycle.
        blocked: window -> why it was not possible.
        sticky: an earlier plan of the same cycle.
        sent: the plan's SMS went out, as the scheduler told: it must not go out again.
        decisions: slot -> decision that goes into the same SMS.
        displaces: decision ids of plans that do not fit beside this one: withdraw them.
        content: tag of what the SMS says, as it counts; to be sent with `sms_sent`. Empty: none.
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
    sent: bool = False
    decisions: Mapping[str, SlotAnswer] = {}
    displaces: tuple[str, ...] = ()
    content: str = ""


def contact_facts_of(
    policy: ContactPolicy,
    assigned: Collection[StandingDecision],
    state: VisitorState,
    at: float,
) -> ContactFacts:
    """Return the facts about a visitor that the contact policy asks for, with every plan.

    Args:
        policy: of contacts.
        assigned: standing decisions of the visitor.
        state: of the visitor.
        at: seconds, now.
    """
    plans = list_plans(assigned, at, state.contacts)
    known = policy.in_own_words(read_contact_facts(state, plans, None))
    return known._replace(contacts=with_planned_content(known.contacts, assigned))


def refuse_plan(visitor_id: str, zone: str, blocked: Mapping[str, str]) -> PlanAnswer:
    """Return the answer where nothing may be sent.

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


def format_send_time(timing: PlanAnswer) -> str | None:
    """Return the send time as ISO text by the visitor's clock; None without one."""
    if timing.send_at is None:
        return None
    return iso(find_zone(timing.zone) or UTC, timing.send_at)


def plain(timing: PlanAnswer) -> dict[str, Any]:
    """Return the answer as plain JSON; the time is by the visitor's clock."""
    return {
        "visitor_id": timing.visitor_id,
        "send_at": format_send_time(timing),
        "decision_id": timing.decision_id,
        "window": timing.window,
        "propensity": timing.propensity,
        "link_token": timing.link_token,
        "reason": timing.reason,
        "blocked": timing.blocked,
        "sticky": timing.sticky,
        "sent": timing.sent,
        "decisions": {name: asdict(given) for name, given in timing.decisions.items()},
        "displaces": list(timing.displaces),
        **({"content": timing.content} if timing.content else {}),
    }


def _find_contact(kept: StandingDecision) -> Contact | None:
    """Return the contact of a plan; None for a decision that is no plan."""
    made = kept.decision
    if made.due is None:
        return None
    return Contact(made.due, made.channel, made.page, content_of(made))


def content_of(made: Decision) -> str:
    """Return the tag of what the SMS of a plan says; empty where nobody told it."""
    found = made.context.get(CONTENT)
    return found if isinstance(found, str) else ""


def was_sent(contact: Contact | None, contacts: Iterable[Contact]) -> bool:
    """Return whether a plan's contact was made, by what the scheduler told.

    Args:
        contact: that the plan makes; None where nothing is sent.
        contacts: of the visitor, that were made. One shortly before the plan's time counts: clocks
            differ, and some gateways send ahead.
    """
    return contact is not None and any(
        one.at >= contact.at - EARLY and one[1:3] == contact[1:3] for one in contacts
    )


def list_plans(
    assigned: Iterable[StandingDecision], at: float, contacts: Iterable[Contact] = ()
) -> dict[Contact, StandingDecision]:
    """Return the contacts still to be made from a moment in seconds on, and their plans.

    One due at the very moment is among them: a plan may be made for the minute that begins with the
    question. `contacts` were made: a plan that one of them names went out before its time, and
    counts once.
    """
    sent = {one.message for one in contacts if one.message}
    found = ((_find_contact(kept), kept) for kept in assigned)
    return {
        contact: kept
        for contact, kept in found
        if contact and contact.at >= at and not (sent and name_of_plan(kept.ref) in sent)
    }


def with_planned_content(
    contacts: tuple[Contact, ...], plans: Iterable[StandingDecision]
) -> tuple[Contact, ...]:
    """Return contacts that were made, each with the content of its plan where none was told.

    Args:
        contacts: of the visitor.
        plans: of the visitor that are remembered, also those whose time has passed.
    """
    said = [(name_of_plan(one.ref), found) for one in plans if (found := _find_contact(one))]
    said = [(name, one) for name, one in said if one.content]
    if not said or all(one.content for one in contacts):
        return contacts
    return tuple(one if one.content else _with_content(one, said) for one in contacts)


def _with_content(made: Contact, said: Iterable[tuple[str, Contact]]) -> Contact:
    """Return a contact with the content of the plan that it names, or that was due at its time."""
    for name, plan in said:
        due = plan[1:3] == made[1:3] and abs(plan.at - made.at) <= EARLY
        if name == made.message or due:
            return made._replace(content=plan.content)
    return made


def read_contact_facts(
    state: VisitorState, plans: Iterable[Contact], zone: str | None
) -> ContactFacts:
    """Return the facts that the contact policy asks for.

    `plans` are contacts that are to be made, without the one that is asked about; `zone` is the
    IANA name that the caller gave, if any.
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
