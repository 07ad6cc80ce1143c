"""What an event tells of the person: amounts, numbers, contacts, consent, failures. Pure.

Each function takes the state, the time in seconds and the event, and gives the state. None looks at
the order of arrival: an older event that comes later changes what it would have changed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.money import fen_of
from nudge.domain.contact.contact import Consent, Contact
from nudge.domain.journal.records import Event
from nudge.domain.people import person
from nudge.domain.people.failures import kind_of
from nudge.domain.people.merging import INTO, PARTITION
from nudge.domain.people.person import Failure, KnownFact, NumberUse, TypedNumber
from nudge.domain.people.recharges import Payment, with_payment
from nudge.domain.people.visitor import MAX_BENEFITS, VisitorState

VISIT: Final = float(DAY)
"""Seconds in which a payment that names no number is taken for the one that was typed."""
NUMBER: Final = "number"
DEVICE: Final = "device"
REGION: Final = ("province", "city", "carrier")
"""What a number tells of its owner; a number that was ported keeps its first carrier's."""


def state_with_event(state: VisitorState, at: float, event: Event) -> VisitorState:
    """The state with what an event tells of the person."""
    teller = TELLERS.get(event.type)
    return teller(state, at, event) if teller else state


def paid(state: VisitorState, at: float, event: Event) -> VisitorState:
    """A payment, as a server reports it: a page's is a claim."""
    amount = fen_of(event.fields.get("amount"))
    if event.source != "server" or not amount:
        return state
    state = _recharged(state, at, _text(event, NUMBER))
    if at >= (state.last_paid_at or 0.0):
        state = state.having(last_amount=amount, last_paid_at=at)
    first = at if state.first_paid_at is None else min(state.first_paid_at, at)
    return state.having(
        payments=with_payment(state.payments, Payment(at, amount)),
        first_paid_at=first,
        failures=person.unpaid(state.failures, state.last_paid_at or 0.0),
        amounts=person.with_amount(state.amounts, amount),
    )


def _recharged(state: VisitorState, at: float, label: str) -> VisitorState:
    """One more use of the number that was paid for, on the device that was in use."""
    typed = state.typed if state.typed and 0 <= at - state.typed.at <= VISIT else None
    last = state.numbers[-1] if state.numbers else None
    label = label or (typed.label if typed else "") or (last.label if last else "")
    if not label:
        return state
    device = typed.device if typed else last.device if last else ""
    used = NumberUse(at, device, label, 1)
    return state.having(numbers=person.with_used(state.numbers, used))


def failed(state: VisitorState, at: float, event: Event) -> VisitorState:
    """A payment failed, unless a later one went through."""
    if at <= (state.last_paid_at or 0.0):
        return state
    kind, method = kind_of(event.fields.get("reason")), _text(event, "method")
    one = Failure(at, event.event_id, kind, method)
    return state.having(failures=person.with_failure(state.failures, one))


def stepped(state: VisitorState, at: float, event: Event) -> VisitorState:
    """A number was typed, or an amount chosen."""
    label, device = _text(event, NUMBER), _text(event, DEVICE)
    if label and device:
        typed = TypedNumber(at, device, label)
        return state.having(typed=max(typed, state.typed or typed))
    amount = fen_of(event.fields.get("amount"))
    return state.having(amounts=person.with_amount(state.amounts, amount)) if amount else state


def contacted(state: VisitorState, at: float, event: Event) -> VisitorState:
    """The visitor was contacted, by us or by somebody else."""
    channel = "sms" if event.type == "sms_sent" else _text(event, "channel")
    one = Contact(at, channel, _text(event, "purpose") or "reminder")
    return state.having(contacts=person.with_contact(state.contacts, one))


def consented(state: VisitorState, at: float, event: Event) -> VisitorState:
    """The visitor said yes or no to a channel."""
    one = Consent(_text(event, "channel"), at, bool(event.fields.get("given")))
    return state.having(consents=person.with_consent(state.consents, one))


def complained(state: VisitorState, at: float, _: Event) -> VisitorState:
    """The visitor complained."""
    return state.having(complained_at=max(at, state.complained_at or at))


def granted(state: VisitorState, _: float, event: Event) -> VisitorState:
    """The visitor has a benefit of a group."""
    group = _text(event, "group")
    full = len(state.benefits) >= MAX_BENEFITS
    if event.source != "server" or not group or full:
        return state
    return state.having(benefits=tuple(sorted({*state.benefits, group})))


def loaded(state: VisitorState, at: float, event: Event) -> VisitorState:
    """What the operator knows of the visitor."""
    news = (KnownFact(name, at, value) for name, value in event.fields.items())
    return state.having(known=reduce(person.with_known, news, state.known))


def identified(state: VisitorState, at: float, event: Event) -> VisitorState:
    """The visitor turned out to be another one, or to have a number of their own."""
    of_number = (KnownFact(n, at, event.fields[n]) for n in REGION if event.fields.get(n))
    state = state.having(known=reduce(person.with_known, of_number, state.known))
    if state.into is None and INTO in event.fields:
        partition = int(str(event.fields[PARTITION]))
        return state.having(into=(str(event.fields[INTO]), partition))
    return state


def erased(state: VisitorState, _: float, __: Event) -> VisitorState:
    """The person is forgotten: what the journal says of the subject up to here counts no more."""
    return VisitorState(watermark=state.watermark)


def _text(event: Event, name: str) -> str:
    value = event.fields.get(name)
    return value if isinstance(value, str) else ""


TELLERS: Final[Mapping[str, Callable[[VisitorState, float, Event], VisitorState]]] = {
    "paid": paid,
    "payment_failed": failed,
    "step": stepped,
    "contacted": contacted,
    "sms_sent": contacted,
    "consent": consented,
    "complaint": complained,
    "benefit_granted": granted,
    "loaded": loaded,
    "identified": identified,
    "erased": erased,
}
"""Type of an event -> what it tells of the person."""
