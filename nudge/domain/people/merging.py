"""Merging of two ids that turn out to be one visitor: their states become one. Pure.

The order of mergings does not matter (docs/decisions/0010). An exposure or a contact belongs to one
state or the other. A payment may be in both, reported under either id: it is one payment.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, Final, TypeVar

from nudge.domain.journal.records import Event, JournalEntry, Ref
from nudge.domain.people import person
from nudge.domain.people.credit import holder
from nudge.domain.people.deliveries import join_receipts
from nudge.domain.people.recharges import latest
from nudge.domain.people.refunds import with_receipts, with_refunds
from nudge.domain.people.room import with_dropped
from nudge.domain.people.spending import spending_of
from nudge.domain.people.visitor import (
    MAX_BENEFITS,
    MAX_CLOSED,
    ClosedExposure,
    OpenExposure,
    RewardEvent,
    VisitorState,
    fit_early,
    fit_waiting,
)
from nudge.domain.people.visitor_codec import decode_state, encode_state
from nudge.domain.slots.reward_event import PAID
from nudge.domain.slots.slot import Scalar

LEFT: Final = "left"
"""Type of the event by which a visitor's state leaves for another subject; a fold's own."""
JOINED: Final = "joined"
"""Type of the event by which a state arrives at another subject."""
INTO: Final = "into"
PARTITION: Final = "partition"
STATE: Final = "state"

T = TypeVar("T")


def merge_states(one: VisitorState, other: VisitorState) -> VisitorState:
    """Merge the states of a visitor who was known as two.

    Args:
        one: at the watermark of the other.
        other: at the watermark of the first. The field `into` of neither is merged.
    """
    paid_at, amount = max(_paid(one), _paid(other))
    receipts = with_receipts(one.receipts, other.receipts)
    closed = _union(one.closed, other.closed, lambda x: (x.at, x.decision))[-MAX_CLOSED:]
    receipts_left = (*one.deliveries, *other.deliveries)
    contacts, deliveries = join_receipts((*one.contacts, *other.contacts), receipts_left)
    both = VisitorState(
        waiting=_exposures(one.waiting, other.waiting),
        early=_union(one.early, other.early, lambda x: (x.at, x.decision, x.source)),
        open=_exposures(one.open, other.open),
        events=_events(one, other, closed),
        watermark=max(one.watermark, other.watermark),
        last_amount=None if amount < 0 else amount,
        last_paid_at=None if amount < 0 else paid_at,
        channels=tuple(sorted({*one.channels, *other.channels})),
        benefits=tuple(sorted({*one.benefits, *other.benefits})[:MAX_BENEFITS]),
        payments=latest((*one.payments, *other.payments)),
        first_paid_at=min(_there(one.first_paid_at, other.first_paid_at), default=None),
        numbers=reduce(person.with_used, other.numbers, one.numbers),
        typed=max(_there(one.typed, other.typed), default=None),
        contacts=contacts,
        consents=reduce(person.with_consent, other.consents, one.consents),
        complained_at=max(_there(one.complained_at, other.complained_at), default=None),
        failures=person.unpaid(reduce(person.with_failure, other.failures, one.failures), paid_at),
        known=reduce(person.with_known, other.known, one.known),
        amounts=reduce(person.with_amount, other.amounts, one.amounts),
        closed=closed,
        chosen=reduce(person.with_amount, other.chosen, one.chosen),
        dropped=with_dropped(one.dropped, other.dropped),
        deliveries=deliveries,
    )
    both = fit_early(fit_waiting(both))
    if not receipts:
        return both.having(refunds=with_refunds(one.refunds, other.refunds))
    return both.having(
        **spending_of((one, other), receipts, with_refunds(one.refunds, other.refunds))
    )


def without_content(state: VisitorState) -> VisitorState:
    """Return the empty state of a visitor who turned out to be another one."""
    return VisitorState(watermark=state.watermark, into=state.into)


def leaving(state: VisitorState, entry: JournalEntry) -> Event:
    """Build the record by which a state leaves: its content is fixed before it is sent.

    Args:
        state: with the subject that it goes to.
        entry: its cause.

    Raises:
        ValueError: it goes nowhere.
    """
    if state.into is None:
        raise ValueError("the visitor has not turned out to be another one")
    subject, partition = state.into
    content = base64.b85encode(encode_state(state.having(into=None))).decode()
    fields: dict[str, Scalar] = {INTO: subject, PARTITION: partition, STATE: content}
    # Several decisions of one record may each make a visitor leave.
    nth = f":{entry.index}" if entry.index else ""
    name = f"{LEFT}:{entry.partition}:{entry.position}{nth}"
    return Event(entry.record.subject, name, LEFT, "server", fields=fields, at=entry.stamp)


def arriving(entry: JournalEntry, left: Event) -> tuple[int, Event]:
    """Return the partition and the record by which a state arrives. Idempotent: its id is derived.

    Args:
        entry: of the record by which it left.
        left: that record.
    """
    name = f"{JOINED}:{entry.partition}:{entry.position}"
    fields = {STATE: left.fields[STATE], "from": left.subject}
    event = Event(str(left.fields[INTO]), name, JOINED, "server", fields=fields)
    return int(str(left.fields[PARTITION])), event


def content_of(event: Event) -> VisitorState:
    """Decode the state in a record.

    Raises:
        CorruptRecordError: it cannot be read.
    """
    return decode_state(base64.b85decode(str(event.fields[STATE])))


def _paid(state: VisitorState) -> tuple[float, int]:
    if state.last_paid_at is None or state.last_amount is None:
        return 0.0, -1
    return state.last_paid_at, state.last_amount


def _there(*values: T | None) -> list[T]:
    return [value for value in values if value is not None]


def _union(one: Iterable[T], other: Iterable[T], key: Callable[[T], Any]) -> tuple[T, ...]:
    return tuple(sorted((*one, *other), key=key))


def _exposures(
    one: Iterable[OpenExposure], other: Iterable[OpenExposure]
) -> tuple[OpenExposure, ...]:
    return _union(one, other, lambda x: (x.at, x.decision))


def _events(
    one: VisitorState, other: VisitorState, closed: Sequence[ClosedExposure]
) -> tuple[RewardEvent, ...]:
    """Unite the events: a payment that both states know is one, at the time of its first report."""
    events = _union(one.events, other.events, _of_event)
    common = {x.event_id for x in one.receipts} & {x.event_id for x in other.receipts}
    twice = [x for x in events if x.type == PAID and x.event_id in common]
    if not twice:
        return events
    first = {x.event_id: x for x in with_receipts(one.receipts, other.receipts)}
    exposures = _exposures(one.open, other.open)
    made = []
    for name in {x.event_id for x in twice}:
        copies = [x for x in twice if x.event_id == name]
        known = copies[0]._replace(at=first[name].at, value=first[name].amount)
        holding = [
            x for x in closed if any(y.type == PAID and y.event_id == name for y in x.events)
        ]
        slots = {slot for x in copies for slot in x.spent} | {x.slot for x in holding}
        watermark = max(one.watermark, other.watermark)
        taken = (x for x in slots if not _goes_on(known, x, holding, exposures, watermark))
        made.append(known._replace(spent=tuple(sorted(taken))))
    return _union((x for x in events if x not in twice), made, _of_event)


def _goes_on(
    event: RewardEvent,
    slot: str,
    holding: Iterable[ClosedExposure],
    exposures: Sequence[OpenExposure],
    watermark: float,
) -> bool:
    """Return True where an open exposure has the payment: a later one than those that closed."""
    before = [x.at for x in holding if x.slot == slot and x.at <= event.at]
    one = holder(event, [x for x in exposures if x.slot == slot], watermark) if before else None
    return one is not None and one.at > max(before)


def _of_event(event: RewardEvent) -> tuple[float, str, str, int, Ref, str, float]:
    # All that tells two events apart: ids are the client's, and another visitor may have the same.
    named = event.decision or Ref(-1, -1)
    own = event.at, event.event_id, event.type, event.value, named
    return *own, event.source, event.skew or 0.0
