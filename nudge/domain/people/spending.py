"""Spending of a visitor: what payments come to when duplicates and refunds are taken out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce

from nudge.domain.people import person
from nudge.domain.people.person import Failure, NumberUse
from nudge.domain.people.recharges import Payment, latest
from nudge.domain.people.refunds import Receipt, Refund, net_receipts
from nudge.domain.people.visitor import VisitorState


def spending_of(
    states: Sequence[VisitorState], receipts: Sequence[Receipt], refunds: Sequence[Refund]
) -> dict[str, object]:
    """Return the fields of a state that payments and refunds decide.

    A payment that was taken back as a whole leaves none of them but one: it went through all the
    same, so failures before it stay settled.

    Args:
        states: of the visitor under each id so far; their payments count once, by receipt.
        receipts: of all of them, and new ones.
        refunds: of all of them, and new ones.
    """
    before = [(state, net_receipts(state.receipts, state.refunds)) for state in states]
    left = net_receipts(receipts, refunds)
    older = [x for state, net in before for x in _without(state.payments, net)]
    payments = latest((*older, *map(_payment, left)))
    last = payments[-1] if payments else None
    none: tuple[Failure, ...] = ()
    failures = reduce(person.with_failure, (x for s in states for x in s.failures), none)
    return {
        "receipts": tuple(receipts),
        "refunds": tuple(refunds),
        "payments": payments,
        "last_amount": last.amount if last else None,
        "last_paid_at": last.at if last else None,
        "first_paid_at": _first(states, (*payments, *left)),
        "failures": person.unpaid(failures, paid_until(states, receipts)),
        "numbers": _numbers(before, left),
        "amounts": _amounts(before, older, receipts, left),
    }


def paid_until(states: Iterable[VisitorState], receipts: Iterable[Receipt]) -> float:
    """Return the second of the latest payment that went through, also if it was taken back."""
    last = (state.last_paid_at or 0.0 for state in states)
    return max((*last, *(one.at for one in receipts)), default=0.0)


def knows_payment(state: VisitorState, event_id: str) -> bool:
    """Return True where a refund of this payment takes something back."""
    return any(one.event_id == event_id for one in state.receipts)


def _payment(one: Receipt) -> Payment:
    return Payment(one.at, one.amount)


def _without(payments: Iterable[Payment], net: Iterable[Receipt]) -> Iterable[Payment]:
    """Return the payments that have no receipt (any more)."""
    return (Counter(payments) - Counter(map(_payment, net))).elements()


def _first(states: Iterable[VisitorState], left: Iterable[Payment | Receipt]) -> float | None:
    firsts = [
        state.first_paid_at
        for state in states
        if state.first_paid_at is not None
        and all(one.at != state.first_paid_at for one in state.receipts)
    ]
    return min((*firsts, *(one.at for one in left)), default=None)


def _numbers(
    before: Iterable[tuple[VisitorState, Sequence[Receipt]]], left: Sequence[Receipt]
) -> tuple[NumberUse, ...]:
    """Return the recharged numbers, each as often as it was recharged and not refunded."""
    used: tuple[NumberUse, ...] = ()
    change = Counter((one.device, one.label) for one in left if one.label)
    for state, net in before:
        used = reduce(person.with_used, state.numbers, used)
        change.subtract((one.device, one.label) for one in net if one.label)
    for (device, label), times in change.items():
        if times:
            ats = [one.at for one in left if (one.device, one.label) == (device, label)]
            used = person.with_uses(used, device, label, times, ats)
    return used


def _amounts(
    before: Iterable[tuple[VisitorState, Sequence[Receipt]]],
    older: Iterable[Payment],
    receipts: Sequence[Receipt],
    left: Sequence[Receipt],
) -> tuple[int, ...]:
    """Return the amounts paid or chosen, without those that have just been taken back."""
    here = {one.event_id for one in left}
    known, gone = set[int](), {one.event_id for one in receipts} - here
    for state, net in before:
        known.update(state.amounts)
        # What was taken back earlier may have been chosen again.
        gone -= {one.event_id for one in state.receipts} - {one.event_id for one in net}
    known -= {one.amount for one in receipts if one.event_id in gone}
    paid = {one.amount for one in receipts if one.event_id in here}
    found = {*known, *paid, *(one.amount for one in older)}
    return tuple(sorted(found)[-person.MAX_AMOUNTS :])
