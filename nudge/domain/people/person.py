"""Facts about a person besides payments: numbers, contacts, consent, failures, attributes.

They are small values that a visitor's state holds in tuples. Each `with_...` returns an equal tuple
in whatever order its arguments came, so that two states can be merged in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Final, NamedTuple

from nudge.domain.contact.contact import Consent
from nudge.domain.people.consents import last_word
from nudge.domain.people.room import PAGE
from nudge.domain.slots.slot import Scalar

MAX_NUMBERS: Final = 20
"""Numbers remembered with a visitor, over all devices: those used last."""
MAX_CONSENTS: Final = 10
MAX_FAILURES: Final = 5
"""Failures remembered with a visitor: the latest of which pages told, and as many of servers'."""
MAX_KNOWN: Final = 50
MAX_AMOUNTS: Final = 20


class NumberUse(NamedTuple):
    """The recharges of a number on a device.

    Attributes:
        last_at: seconds, of the latest payment.
        device: its random id.
        label: the number's subject; the number itself is in the vault.
        times: number of payments.
    """

    last_at: float
    device: str
    label: str
    times: int


class TypedNumber(NamedTuple):
    """A number typed on a device.

    Attributes:
        at: seconds.
        device: its random id.
        label: the number's subject.
    """

    at: float
    device: str
    label: str


class Failure(NamedTuple):
    """A failed payment with no later one that went through.

    Attributes:
        at: seconds.
        event_id: the client's.
        reason: `soft`, `hard`, `gateway_down`, `unknown`, or the operator's own.
        method: of payment; empty where it is not known.
        source: `page` or `server`; empty where the version before did not note it.
    """

    at: float
    event_id: str
    reason: str
    method: str
    source: str = ""


class KnownFact(NamedTuple):
    """The operator's fact about a visitor.

    Attributes:
        name: of the context attribute.
        at: seconds; a later fact replaces an earlier one.
        value: of the attribute.
    """

    name: str
    at: float
    value: Scalar


def with_used(numbers: Iterable[NumberUse], one: NumberUse) -> tuple[NumberUse, ...]:
    """Add one more use of a number: counts of one number on one device add up."""
    found = {(x.device, x.label): x for x in numbers}
    before = found.get((one.device, one.label))
    if before is not None:
        last_at = max(before.last_at, one.last_at)
        one = NumberUse(last_at, one.device, one.label, before.times + one.times)
    found[one.device, one.label] = one
    return tuple(sorted(found.values())[-MAX_NUMBERS:])


def with_uses(
    numbers: Iterable[NumberUse], device: str, label: str, times: int, ats: Sequence[float]
) -> tuple[NumberUse, ...]:
    """Change the count of a number's recharges; a number without any is left out.

    Args:
        numbers: of the visitor.
        device: on which the number was typed.
        label: of the number.
        times: change of the count; below 0 where recharges were taken back.
        ats: seconds, of the recharges that can be told apart: all of the latest.
    """
    found = {(x.device, x.label): x for x in numbers}
    before = found.pop((device, label), NumberUse(0.0, device, label, 0))
    count = before.times + times
    if count > 0:
        # Of recharges long ago only the count is known.
        known = ats if count == len(ats) else (*ats, before.last_at)
        found[device, label] = NumberUse(max(known), device, label, count)
    return tuple(sorted(found.values())[-MAX_NUMBERS:])


def with_consent(consents: Sequence[Consent], one: Consent) -> tuple[Consent, ...]:
    """Return the word on each channel that counts: see `consents`."""
    same = [x for x in (*consents, one) if x.channel == one.channel]
    last = reduce(last_word, same)
    rest = (x for x in consents if x.channel != one.channel)
    return tuple(sorted((*rest, last))[:MAX_CONSENTS])


def with_failure(failures: Iterable[Failure], one: Failure) -> tuple[Failure, ...]:
    """Add a failure and return the latest open ones, of pages and of servers."""
    found = sorted({*failures, one})
    if len(found) <= MAX_FAILURES:
        return tuple(found)
    claims = [x for x in found if x.source == PAGE][-MAX_FAILURES:]
    facts = [x for x in found if x.source != PAGE][-MAX_FAILURES:]
    return tuple(sorted((*claims, *facts)))


def with_known(known: Iterable[KnownFact], one: KnownFact) -> tuple[KnownFact, ...]:
    """Return the last fact on each attribute, by name.

    Of two facts at one time the larger text counts.
    """
    found = {x.name: x for x in known}
    before = found.get(one.name)
    if before is None or _order(before) < _order(one):
        found[one.name] = one
    return tuple(sorted(found.values(), key=lambda x: x.name)[:MAX_KNOWN])


def with_amount(amounts: Iterable[int], fen: int) -> tuple[int, ...]:
    """Return the different amounts that were paid or chosen, in fen, by size.

    Of too many the largest remain.
    """
    return tuple(sorted({*amounts, fen})[-MAX_AMOUNTS:])


def _order(one: KnownFact) -> tuple[float, str]:
    return one.at, repr(one.value)


def unpaid(failures: Iterable[Failure], paid_at: float) -> tuple[Failure, ...]:
    """Return the failures after the latest payment (its time in seconds, 0 without one)."""
    return tuple(one for one in failures if one.at > paid_at)
