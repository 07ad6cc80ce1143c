"""Facts about the person in an event: amounts, numbers, contacts, consent, failures. Pure.

Each function takes the state, the time in seconds and the event, and returns the state. The order
of arrival does not matter: an older event that comes later changes what it would have changed
before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.money import fen_of
from nudge.domain.contact.contact import Contact
from nudge.domain.journal.care_events import FOLLOWED
from nudge.domain.journal.event import ERASED, VIA
from nudge.domain.journal.records import Event
from nudge.domain.people import person, room
from nudge.domain.people.consents import BY, SMS, consent_of, refusing_word
from nudge.domain.people.deliveries import TOLD, Delivery, join_receipts, name_message
from nudge.domain.people.failures import kind_of
from nudge.domain.people.merging import INTO, PARTITION
from nudge.domain.people.person import Failure, KnownFact, NumberUse, TypedNumber
from nudge.domain.people.recharges import Payment, with_payment
from nudge.domain.people.refunds import WHOLE, Receipt, Refund, with_receipts
from nudge.domain.people.spending import paid_until, spending_of
from nudge.domain.people.visitor import MAX_BENEFITS, VisitorState

VISIT: Final = float(DAY)
"""Seconds in which a payment that names no number counts for the one that was typed."""
NUMBER: Final = "number"
DEVICE: Final = "device"
CONTENT: Final = "content"
"""Field of a contact: the tag of what it said."""
REFUND_OF: Final = "refund_of"
"""Field of `refunded`: the `event_id` of the payment."""
REFUNDABLE: Final = "~refundable"
"""Field of a server's `paid`, set where it is recorded: a later refund takes it back.

Journals of earlier versions lack it, so that they are replayed as they were folded.
"""
REGION: Final = ("province", "city", "carrier")
"""Attributes that a number reveals of its owner; a ported number keeps its first carrier's."""


def state_with_event(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Return the state with the facts of an event."""
    take = FACT_TAKERS.get(event.type)
    return take(state, at, event) if take else state


def take_payment(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take a payment that a server reports: a page's is a claim."""
    amount = fen_of(event.fields.get("amount"))
    if event.source != "server" or not amount:
        return state
    device, label = _recharged(state, at, _text(event, NUMBER))
    if event.fields.get(REFUNDABLE):
        one = Receipt(event.event_id, at, amount, device, label)
        receipts = with_receipts(state.receipts, (one,))
        return state.having(**spending_of((state,), receipts, state.refunds))
    return _take_old_payment(state, Payment(at, amount), device, label)


def _take_old_payment(state: VisitorState, one: Payment, device: str, label: str) -> VisitorState:
    """Take a payment of an earlier version: the journal's later records do not take it back."""
    if label:
        used = NumberUse(one.at, device, label, 1)
        state = state.having(numbers=person.with_used(state.numbers, used))
    if one.at >= (state.last_paid_at or 0.0):
        state = state.having(last_amount=one.amount, last_paid_at=one.at)
    first = one.at if state.first_paid_at is None else min(state.first_paid_at, one.at)
    return state.having(
        payments=with_payment(state.payments, one),
        first_paid_at=first,
        failures=person.unpaid(state.failures, paid_until((state,), state.receipts)),
        amounts=person.with_amount(state.amounts, one.amount),
    )


def _recharged(state: VisitorState, at: float, label: str) -> tuple[str, str]:
    """Return device and label of the number that was paid for; empty where it is not known."""
    typed = state.typed if state.typed and 0 <= at - state.typed.at <= VISIT else None
    last = state.numbers[-1] if state.numbers else None
    label = label or (typed.label if typed else "") or (last.label if last else "")
    return (typed.device if typed else last.device if last else "") if label else "", label


def refund_of(at: float, event: Event) -> Refund | None:
    """Return the refund that an event reports; None where it is no server's, or names nothing."""
    named = _text(event, REFUND_OF)
    amount = fen_of(event.fields["amount"]) if "amount" in event.fields else WHOLE
    if event.source != "server" or not named or (amount == WHOLE and "amount" in event.fields):
        return None
    return Refund(named, event.event_id, at, amount)


def take_failure(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take a failed payment, unless a later one went through."""
    if at <= paid_until((state,), state.receipts):
        return state
    kind, method = kind_of(event.fields.get("reason")), _text(event, "method")
    one = Failure(at, event.event_id, kind, method, event.source)
    kept = person.with_failure(state.failures, one)
    gone = len({*state.failures, one}) - len(kept)
    return state.having(failures=kept).having_dropped(event.type, event.source, gone)


def take_step(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take a typed number, or a chosen amount."""
    label, device = _text(event, NUMBER), _text(event, DEVICE)
    if label and device:
        typed = TypedNumber(at, device, label)
        return state.having(typed=max(typed, state.typed or typed))
    amount = fen_of(event.fields.get("amount"))
    return _take_choice(state, amount, event.source) if amount else state


def _take_choice(state: VisitorState, amount: int, source: str) -> VisitorState:
    """Take an amount that was chosen: what a page says has room of its own."""
    before = state.chosen if source == room.PAGE else state.amounts
    kept = person.with_amount(before, amount)
    gone = len({*before, amount}) - len(kept)
    named = {"chosen" if source == room.PAGE else "amounts": kept}
    return state.having(**named).having_dropped("amount", source, gone)


def take_contact(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take a contact with the visitor, by us or by somebody else."""
    channel = "sms" if event.type == "sms_sent" else _text(event, "channel")
    purpose, content = _text(event, "purpose") or "reminder", _text(event, CONTENT)
    one = Contact(at, channel, purpose, content, name_message(event))
    contacts, deliveries = join_receipts((*state.contacts, one), state.deliveries)
    return state.having(contacts=contacts, deliveries=deliveries)


def is_case_contact(event: Event) -> bool:
    """Return True for a step on a case that is a contact under the contact policy."""
    told = "fact_channel" in event.fields and "fact_purpose" in event.fields
    return event.type == FOLLOWED and event.fields.get("action") == "contact" and told


def take_case_step(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take a contact that somebody made about a case: it counts like any other.

    A step that a server's `contacted` caused tells no purpose: that event has been counted.
    """
    if not is_case_contact(event):
        return state
    one = Contact(at, _text(event, "fact_channel"), _text(event, "fact_purpose"))
    contacts = (*state.contacts, one)
    joined, deliveries = join_receipts(contacts, state.deliveries)
    return state.having(contacts=joined, deliveries=deliveries)


def take_receipt(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take the gateway's word whether a message arrived; it may come before its contact."""
    name = name_message(event)
    if not name:
        return state
    one = Delivery(at, name, TOLD[event.type])
    contacts, deliveries = join_receipts(state.contacts, (*state.deliveries, one))
    return state.having(contacts=contacts, deliveries=deliveries)


def take_consent(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take the visitor's yes or no to a channel."""
    given, by = bool(event.fields.get("given")), event.fields.get(BY)
    one = consent_of(_text(event, "channel"), at, given=given, by=by, dated=event.at is not None)
    return state.having(consents=person.with_consent(state.consents, one))


def take_reply(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take a reply to an SMS: a refusal is the visitor's own no to the channel."""
    if not refusing_word(event):
        return state
    one = consent_of(SMS, at, given=False, by=None, dated=event.at is not None)
    return state.having(consents=person.with_consent(state.consents, one))


def take_complaint(state: VisitorState, at: float, _: Event) -> VisitorState:
    """Take a complaint."""
    return state.having(complained_at=max(at, state.complained_at or at))


def take_benefit(state: VisitorState, _: float, event: Event) -> VisitorState:
    """Take a benefit of a group, granted to the visitor."""
    group = _text(event, "group")
    full = len(state.benefits) >= MAX_BENEFITS
    if event.source != "server" or not group or full:
        return state
    return state.having(benefits=tuple(sorted({*state.benefits, group})))


def take_known_facts(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take the operator's facts about the visitor."""
    told = ((name, value) for name, value in event.fields.items() if name != VIA)
    news = (KnownFact(name, at, value) for name, value in told)
    return state.having(known=reduce(person.with_known, news, state.known))


def take_identity(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Take the discovery that the visitor is another one, or the owner of a number."""
    of_number = (KnownFact(n, at, event.fields[n]) for n in REGION if event.fields.get(n))
    state = state.having(known=reduce(person.with_known, of_number, state.known))
    if state.into is None and INTO in event.fields:
        partition = int(str(event.fields[PARTITION]))
        return state.having(into=(str(event.fields[INTO]), partition))
    return state


def erase_person(state: VisitorState, _: float, __: Event) -> VisitorState:
    """Forget the person: the journal's earlier records of the subject count no more."""
    return VisitorState(watermark=state.watermark)


def _text(event: Event, name: str) -> str:
    value = event.fields.get(name)
    return value if isinstance(value, str) else ""


FACT_TAKERS: Final[Mapping[str, Callable[[VisitorState, float, Event], VisitorState]]] = {
    "paid": take_payment,
    "payment_failed": take_failure,
    "step": take_step,
    "contacted": take_contact,
    "sms_sent": take_contact,
    "sms_delivered": take_receipt,
    "sms_failed": take_receipt,
    "consent": take_consent,
    "sms_reply": take_reply,
    "complaint": take_complaint,
    "benefit_granted": take_benefit,
    FOLLOWED: take_case_step,
    "loaded": take_known_facts,
    "identified": take_identity,
    ERASED: erase_person,
}
"""Type of an event -> function that takes its facts."""
