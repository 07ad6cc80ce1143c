"""What is known of a person besides payments: numbers, contacts, consent, failures, attributes.

Small values that a visitor's state holds in tuples. Each `with_...` gives the same tuple in
whatever order its arguments came, so that two states can be made one in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from nudge.domain.contact.contact import Consent, Contact
from nudge.domain.slots.slot import Scalar

MAX_NUMBERS: Final = 20
"""Numbers that are remembered with a visitor, over all devices: those used last."""
MAX_CONTACTS: Final = 60
"""Contacts that are remembered: two months, for who is contacted every day."""
MAX_CONSENTS: Final = 10
MAX_FAILURES: Final = 5
MAX_KNOWN: Final = 50
MAX_AMOUNTS: Final = 20


class NumberUse(NamedTuple):
    """How a number was recharged on a device.

    Attributes:
        last_at: seconds, of the latest payment.
        device: its random id.
        label: the number's subject; the number itself is in the vault.
        times: payments.
    """

    last_at: float
    device: str
    label: str
    times: int


class TypedNumber(NamedTuple):
    """That a number was typed on a device.

    Attributes:
        at: seconds.
        device: its random id.
        label: the number's subject.
    """

    at: float
    device: str
    label: str


class Failure(NamedTuple):
    """A payment that failed and was not made good since.

    Attributes:
        at: seconds.
        event_id: the client's.
        reason: `soft`, `hard`, `gateway_down`, `unknown`, or the operator's own.
        method: of payment; empty where it is not known.
    """

    at: float
    event_id: str
    reason: str
    method: str


class KnownFact(NamedTuple):
    """What the operator told of a visitor.

    Attributes:
        name: as a context attribute.
        at: seconds; a later word replaces an earlier one.
        value: of the attribute.
    """

    name: str
    at: float
    value: Scalar


def with_used(numbers: Iterable[NumberUse], one: NumberUse) -> tuple[NumberUse, ...]:
    """The numbers with one more use: times of the same number on the same device are added up."""
    found = {(x.device, x.label): x for x in numbers}
    before = found.get((one.device, one.label))
    if before is not None:
        last_at = max(before.last_at, one.last_at)
        one = NumberUse(last_at, one.device, one.label, before.times + one.times)
    found[one.device, one.label] = one
    return tuple(sorted(found.values())[-MAX_NUMBERS:])


def with_contact(contacts: Iterable[Contact], one: Contact) -> tuple[Contact, ...]:
    """The latest contacts and one more."""
    return tuple(sorted({*contacts, one})[-MAX_CONTACTS:])


def with_consent(consents: Sequence[Consent], one: Consent) -> tuple[Consent, ...]:
    """The last word on each channel; of two at one time the refusal counts."""
    same = [x for x in (*consents, one) if x.channel == one.channel]
    last = max(same, key=lambda x: (x.at, not x.given))
    rest = (x for x in consents if x.channel != one.channel)
    return tuple(sorted((*rest, last))[:MAX_CONSENTS])


def with_failure(failures: Iterable[Failure], one: Failure) -> tuple[Failure, ...]:
    """The open failures and one more, the latest."""
    return tuple(sorted({*failures, one})[-MAX_FAILURES:])


def with_known(known: Iterable[KnownFact], one: KnownFact) -> tuple[KnownFact, ...]:
    """The last word on each attribute, by name; of two at one time the larger text counts."""
    found = {x.name: x for x in known}
    before = found.get(one.name)
    if before is None or _order(before) < _order(one):
        found[one.name] = one
    return tuple(sorted(found.values(), key=lambda x: x.name)[:MAX_KNOWN])


def with_amount(amounts: Iterable[int], fen: int) -> tuple[int, ...]:
    """The different amounts that were paid or chosen, in fen, by size; the largest are kept."""
    return tuple(sorted({*amounts, fen})[-MAX_AMOUNTS:])


def _order(one: KnownFact) -> tuple[float, str]:
    return one.at, repr(one.value)


def unpaid(failures: Iterable[Failure], paid_at: float) -> tuple[Failure, ...]:
    """The failures behind the latest payment; `paid_at` is its time in seconds, 0 without one."""
    return tuple(one for one in failures if one.at > paid_at)
