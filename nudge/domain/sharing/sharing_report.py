"""The report of shared payments: slots side by side, with the overlap, as plain JSON."""

from __future__ import annotations

from typing import Final

from nudge.domain.basics.money import FEN
from nudge.domain.sharing.month_question import MonthQuestion
from nudge.domain.sharing.shared_credit import NONE, PaymentCount, SharedCredit, SlotCredit
from nudge.domain.sharing.sharing_sentences import headline

FEWEST: Final = 20
"""Least number of people for which figures are told."""


def sharing_report(question: MonthQuestion, found: SharedCredit) -> dict[str, object]:
    """Return the report: what each slot was credited with, what they share, and the true total.

    A row with fewer than 20 people is hidden. Revenue is in yuan.

    Args:
        question: that is answered.
        found: credit of all slots in its period.
    """
    label = question.calendar.label
    most = max((len(names) for names in found.sets), default=0)
    return {
        "from": label(question.start),
        "to": label(question.end),
        "headline": headline(found, hidden=_few(found.credited)),
        "total": _told(found.every),
        "credited": _told(found.credited),
        "sum": _sum(found),
        "slots": [_slot(found, slot) for slot in found.slots],
        "pairs": [_pair(found, *pair) for pair in found.pairs()],
        "by_number_of_slots": [
            {"slots": number} | _told(found.times(number)) for number in range(most + 1)
        ],
    }


def _sum(found: SharedCredit) -> dict[str, object]:
    """Return the sum over the slots, which counts a shared payment more than once."""
    told = NONE
    for slot in found.slots:
        told = told + found.of(slot)
    return _told(told)


def _slot(found: SharedCredit, slot: str) -> dict[str, object]:
    mine = [one for one in found.credits if one.slot == slot]
    every, shared = found.of(slot), found.shared(slot)
    whole = SlotCredit(slot, "", sum(one.conversions for one in mine), _people(mine), every)
    told = {"slot": slot} | _credit(whole)
    hidden = told["hidden"] or _few(shared)
    told["shared_payments"] = None if hidden else shared.payments
    told["shared_share"] = None if hidden else _share(shared, every)
    told["by_reason"] = {one.reason: _credit(one) for one in mine}
    return told


def _people(credits_: list[SlotCredit]) -> int:
    bits = 0
    for one in credits_:
        bits |= one.people
    return bits


def _credit(one: SlotCredit) -> dict[str, object]:
    hidden = _too_few(one.conversions, one.people) or _few(one.payments)
    told = _told(one.payments)
    return {"hidden": hidden, "conversions": None if hidden else one.conversions} | {
        name: None if hidden else told[name] for name in ("payments", "revenue")
    }


def _pair(found: SharedCredit, one: str, other: str) -> dict[str, object]:
    both = found.of(one, other)
    told = _told(both)
    shares = {
        slot: None if told["hidden"] or _few(found.of(slot)) else _share(both, found.of(slot))
        for slot in (one, other)
    }
    return {"slots": [one, other]} | told | {"share_of": shares}


def _told(count: PaymentCount) -> dict[str, object]:
    hidden = _few(count)
    return {
        "hidden": hidden,
        "payments": None if hidden else count.payments,
        "revenue": None if hidden else count.fen / FEN,
    }


def _few(count: PaymentCount) -> bool:
    return _too_few(count.payments, count.people)


def _too_few(number: int, people: int) -> bool:
    """Return True where somebody is behind a number, and hardly anybody else."""
    return number > 0 and people.bit_count() < FEWEST


def _share(part: PaymentCount, whole: PaymentCount) -> float | None:
    return part.payments / whole.payments if whole.payments else None
