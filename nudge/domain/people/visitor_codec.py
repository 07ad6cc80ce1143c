"""The codec of a visitor's state: a version byte and MessagePack.

States are read on every page, so a field costs its place in a list and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import starmap
from typing import Any, Final

import msgpack

from nudge.domain.contact.contact import BARE, Consent, Contact
from nudge.domain.journal.records import Ref
from nudge.domain.people.deliveries import Delivery
from nudge.domain.people.person import Failure, KnownFact, NumberUse, TypedNumber
from nudge.domain.people.recharges import Payment
from nudge.domain.people.refunds import Receipt, Refund
from nudge.domain.people.room import Dropped
from nudge.domain.people.visitor import (
    ClosedExposure,
    EarlyShown,
    OpenExposure,
    RewardEvent,
    VisitorState,
)
from nudge.domain.slots.reward_event import PAID
from nudge.domain.slots.slot import RewardTerms
from nudge.errors import CorruptRecordError

VERSION: Final = 6
PLAIN: Final = 5
"""Version of a state without anything that only the present one has: a process of the version
before reads it."""
_NIL: Final = b"\xc0"
FIELDS: Final[Mapping[int, int]] = {1: 8, 2: 11, 3: 20, 4: 23, PLAIN: 25, VERSION: 26}
"""Version -> number of fields.

Version 1 had no benefits and no payments but the last, 2 no numbers, contacts and failures, 3 no
receipts, refunds and sources of events, 4 no sources of failures and early `shown`, had the amounts
that pages chose among those paid, and counted nothing that was dropped, 5 no receipts of messages,
and no content and name of contacts; fields that an earlier version lacks are empty.
"""
WITH_INTO: Final = 3
"""First version whose last field is `into`: what later ones add stands before it."""
_NAMES: Final = (
    *("watermark", "last_amount", "last_paid_at", "channels", "waiting", "early", "open", "events"),
    *("benefits", "payments", "first_paid_at"),
    *("numbers", "typed", "contacts", "consents", "complained_at", "failures", "known"),
    *("amounts", "receipts", "refunds", "closed", "chosen", "dropped", "deliveries", "into"),
)

_DELIVERIES: Final = _NAMES.index("deliveries")
_FACTS: Final = frozenset({PAID, "sms_clicked"})
_HEAD: Final = bytes((VERSION,))
_PLAIN_HEAD: Final = bytes((PLAIN,))
_NOBODY: Final = VisitorState()
_NOTHING: Final = [_NOBODY.__dict__[name] for name in _NAMES]
"""Default values of all fields, for those that older versions lack."""


def encode_state(state: VisitorState) -> bytes:
    """Encode a state as bytes."""
    fields = state.__dict__
    # Most of what could be known of a visitor is not: it needs no packing.
    plain = [(pack(fields[name]) if fields[name] else fields[name]) for name, pack in _PACKERS]
    head = _HEAD
    if not state.deliveries and not any(map(_is_told, state.contacts)):
        del plain[_DELIVERIES]
        head = _PLAIN_HEAD
    packed: bytes = msgpack.packb(plain)
    return head + packed


def decode_person(data: bytes) -> VisitorState:
    """Decode a state without its exposures, the events that reward them, receipts and refunds.

    Raises:
        CorruptRecordError: another version's bytes, or none at all.
    """
    return _decoded(data, _OF_PERSON)


def decode_state(data: bytes) -> VisitorState:
    """Decode a state that `encode_state` encoded.

    Raises:
        CorruptRecordError: another version's bytes, or none at all.
    """
    return _decoded(data, _RESTORE)


def into_of(data: bytes) -> tuple[str, int] | None:
    """Return the subject and partition of the visitor that this one turned out to be, or None.

    It is the last field, which hardly any state has.

    Raises:
        CorruptRecordError: another version's bytes, or none at all.
    """
    if data[:1] < bytes((WITH_INTO,)) or data.endswith(_NIL):
        return None
    return decode_person(data).into


def _decoded(data: bytes, restore: Sequence[tuple[int, Callable[[Any], Any]]]) -> VisitorState:
    length = FIELDS.get(data[0]) if data else None
    if length is None:
        raise CorruptRecordError(f"visitor state version {data[:1].hex()!r}, not {VERSION:02x}")
    try:
        fields = list(msgpack.unpackb(data[1:], use_list=False))
        if data[0] != VERSION:
            last = length - 1 if data[0] >= WITH_INTO else length
            fields[last:last] = _NOTHING[last : len(_NAMES) - (length - last)]
        for place, one in restore:
            # Most of what could be known of a visitor is not.
            if fields[place]:
                fields[place] = one(fields[place])
        named = dict(zip(_NAMES, fields, strict=True))
    except (ValueError, TypeError, LookupError, msgpack.UnpackException) as error:
        raise CorruptRecordError(f"a visitor state of {len(data)} bytes cannot be read") from error
    state = object.__new__(VisitorState)
    # The dataclass would set every field by itself.
    object.__setattr__(state, "__dict__", named)
    return state


def _as_it_is(value: object) -> object:
    return value


def _each(one: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda values: tuple(map(one, values))


def _rows(kind: Callable[..., object]) -> Callable[[Any], object]:
    return lambda rows: tuple(starmap(kind, rows))


def _pack_ref(ref: Ref) -> tuple[int, int, int]:
    return ref.partition, ref.position, ref.index


def _pack_open(one: OpenExposure) -> tuple[object, ...]:
    terms = one.terms
    return (
        *_pack_ref(one.decision),
        *(one.slot, one.revision, one.variant, one.cell, one.reason, one.propensity),
        *(terms.on, terms.event, terms.objective, terms.window),
        *(one.at, one.closes),
        *map(_pack_ref, one.aliases),
        *((True,) if one.by_page else ()),
    )


def _open(row: tuple[Any, ...]) -> OpenExposure:
    p, n, i, slot, revision, variant, cell, reason, propensity, *rest = row
    on, event, objective, window, at, closes, *others = rest
    # Behind the aliases stands `by_page`, where it is true: earlier versions knew none.
    by_page = others[-1:] == [True]
    terms, names = RewardTerms(on, event, objective, window), others[:-1] if by_page else others
    of = (slot, revision, variant, cell, reason, propensity, terms)
    return OpenExposure(Ref(p, n, i), *of, at, closes, tuple(Ref(*one) for one in names), by_page)


def _pack_event(one: RewardEvent) -> tuple[object, ...]:
    decision = None if one.decision is None else _pack_ref(one.decision)
    return one.event_id, one.type, one.at, one.value, decision, one.spent, one.source, one.skew


def _event(row: tuple[Any, ...]) -> RewardEvent:
    event_id, kind, at, value, decision, spent, *more = row
    # Of a type that only servers are believed, the source was known before it was noted.
    source, skew = more or ("server" if kind in _FACTS else "", None)
    named = None if decision is None else Ref(*decision)
    return RewardEvent(event_id, kind, at, value, named, spent, source, skew)


def _pack_closed(one: ClosedExposure) -> tuple[object, ...]:
    return *_pack_ref(one.decision), *one[1:-1], tuple(map(_pack_event, one.events))


def _closed(row: tuple[Any, ...]) -> ClosedExposure:
    p, n, i, slot, revision, variant, cell, reason, event, at, events = row
    of = (slot, revision, variant, cell, reason, event, at)
    return ClosedExposure(Ref(p, n, i), *of, tuple(map(_event, events)))


def _aside(pack: Callable[[Any], object]) -> Callable[[Any], object]:
    # As bytes of their own: a page, which has no use for them, passes over them.
    return lambda values: msgpack.packb(pack(values))


def _from_aside(restore: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda data: restore(msgpack.unpackb(data, use_list=False))


def _is_told(one: Contact) -> bool:
    """Return whether a contact has more than the version before could keep."""
    return any(one[BARE:])


def _pack_contact(one: Contact) -> tuple[object, ...]:
    """Return a contact without what is empty at its end: of most, the bytes are as before."""
    row: tuple[object, ...] = tuple(one)
    while not row[-1] and len(row) > BARE:
        row = row[:-1]
    return row


# What is not listed here is kept as it is: plain values, and rows, which are tuples.
_PACK: Final[Mapping[str, Callable[[Any], object]]] = {
    "waiting": _each(_pack_open),
    "contacts": _each(_pack_contact),
    "early": _each(lambda one: (*_pack_ref(one.decision), *one[1:])),
    "open": _each(_pack_open),
    "events": _each(_pack_event),
    # Hardly any consent has more than an event says: the bytes are those of the version before.
    "consents": _each(lambda one: tuple(one) if one.heard or one.kept else tuple(one[:3])),
    "receipts": _aside(_as_it_is),
    "refunds": _aside(_as_it_is),
    "closed": _aside(_each(_pack_closed)),
}
_PACKERS: Final = tuple((name, _PACK.get(name, _as_it_is)) for name in _NAMES)
_FROM_PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "waiting": _each(_open),
    "early": _each(lambda row: EarlyShown(Ref(*row[:3]), *row[3:])),
    "open": _each(_open),
    "events": _each(_event),
    "payments": _rows(Payment),
    "numbers": _rows(NumberUse),
    "typed": lambda row: TypedNumber(*row),
    "contacts": _rows(Contact),
    "consents": _rows(Consent),
    "failures": _rows(Failure),
    "known": _rows(KnownFact),
    "receipts": _from_aside(_rows(Receipt)),
    "refunds": _from_aside(_rows(Refund)),
    "closed": _from_aside(_each(_closed)),
    "dropped": _rows(Dropped),
    "deliveries": _rows(Delivery),
}
_EXPOSURES: Final = ("waiting", "early", "open", "events", "receipts", "refunds", "closed")
_RESTORE: Final = tuple((_NAMES.index(name), one) for name, one in _FROM_PLAIN.items())
_OF_PERSON: Final = tuple(
    (_NAMES.index(name), (lambda _: ()) if name in _EXPOSURES else one)
    for name, one in _FROM_PLAIN.items()
)
