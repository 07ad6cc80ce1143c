"""A visitor's state as bytes: a version byte and MessagePack.

They are read on every page, so a field costs its place in a list and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgpack

from nudge.domain.contact import Consent, Contact
from nudge.domain.person import Attribute, Failure, Typed, Used
from nudge.domain.recharges import Payment
from nudge.domain.records import Ref
from nudge.domain.slot import Terms
from nudge.domain.visitor import Early, Open, Rewarding, VisitorState
from nudge.errors import CorruptRecordError

VERSION: Final = 3
_NIL: Final = b"\xc0"
FIELDS: Final[Mapping[int, int]] = {1: 8, 2: 11, VERSION: 20}
"""Version -> how many fields it has. Version 1 knew no benefits and no payments but the last, 2 no
numbers, contacts and failures; what an earlier one did not know is empty."""
_NAMES: Final = (
    *("watermark", "last_amount", "last_paid_at", "channels", "waiting", "early", "open", "events"),
    *("benefits", "payments", "first_paid_at"),
    *("numbers", "typed", "contacts", "consents", "complained_at", "failures", "known"),
    *("amounts", "into"),
)

Row = Payment | Used | Typed | Contact | Consent | Failure | Attribute


def encode_state(state: VisitorState) -> bytes:
    """The state as bytes."""
    packed: bytes = msgpack.packb([_plain(name, getattr(state, name)) for name in _NAMES])
    return bytes((VERSION,)) + packed


def decode_person(data: bytes) -> VisitorState:
    """The state that `encode_state` was given, without exposures and what rewards them.

    Raises:
        CorruptRecordError: another version's bytes, or none at all.
    """
    return _decoded(data, _OF_PERSON)


def decode_state(data: bytes) -> VisitorState:
    """The state that `encode_state` was given.

    Raises:
        CorruptRecordError: another version's bytes, or none at all.
    """
    return _decoded(data, _RESTORE)


def into_of(data: bytes) -> tuple[str, int] | None:
    """Whom the visitor turned out to be: the last field, which hardly anybody has.

    Raises:
        CorruptRecordError: another version's bytes, or none at all.
    """
    if data[:1] != bytes((VERSION,)) or data.endswith(_NIL):
        return None
    return decode_person(data).into


def _decoded(data: bytes, restore: Mapping[str, Callable[[Any], Any]]) -> VisitorState:
    length = FIELDS.get(data[0]) if data else None
    if length is None:
        raise CorruptRecordError(f"visitor state version {data[:1].hex()!r}, not {VERSION:02x}")
    try:
        fields = msgpack.unpackb(data[1:], use_list=False)
        named = dict(zip(_NAMES[:length], fields, strict=True))
        for name, value in named.items():
            # Most of what could be known of a visitor is not.
            if value and name in restore:
                named[name] = restore[name](value)
        return VisitorState(**named)
    except (ValueError, TypeError, IndexError, msgpack.UnpackException) as error:
        raise CorruptRecordError(f"a visitor state of {len(data)} bytes cannot be read") from error


def _plain(name: str, value: object) -> object:
    return _PACK[name](value) if name in _PACK else value


def _each(one: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda values: tuple(map(one, values))


def _of(kind: Callable[..., object]) -> Callable[[Any], object]:
    return lambda row: None if row is None else kind(*row)


def _flat(one: Row | None) -> object:
    return None if one is None else tuple(getattr(one, name) for name in one.__slots__)


def _pack_ref(ref: Ref) -> tuple[int, int, int]:
    return ref.partition, ref.position, ref.index


def _pack_open(one: Open) -> tuple[object, ...]:
    terms = one.terms
    return (
        *(_pack_ref(one.decision)),
        *(one.slot, one.revision, one.variant, one.cell, one.reason, one.propensity),
        *(terms.on, terms.event, terms.objective, terms.window),
        *(one.at, one.closes),
        *map(_pack_ref, one.aliases),
    )


def _open(row: tuple[Any, ...]) -> Open:
    p, n, i, slot, revision, variant, cell, reason, propensity, *rest = row
    on, event, objective, window, at, closes, *others = rest
    terms, aliases = Terms(on, event, objective, window), tuple(Ref(*one) for one in others)
    of = (slot, revision, variant, cell, reason, propensity, terms)
    return Open(Ref(p, n, i), *of, at, closes, aliases)


def _pack_event(one: Rewarding) -> tuple[object, ...]:
    decision = None if one.decision is None else _pack_ref(one.decision)
    return one.event_id, one.type, one.at, one.value, decision, one.spent


def _event(row: tuple[Any, ...]) -> Rewarding:
    event_id, kind, at, value, decision, spent = row
    return Rewarding(event_id, kind, at, value, None if decision is None else Ref(*decision), spent)


_EVERY_FLAT: Final = _each(_flat)
_PACK: Final[Mapping[str, Callable[[Any], object]]] = {
    "waiting": _each(_pack_open),
    "early": _each(lambda one: (*_pack_ref(one.decision), one.at)),
    "open": _each(_pack_open),
    "events": _each(_pack_event),
    "payments": _EVERY_FLAT,
    "numbers": _EVERY_FLAT,
    "typed": _flat,
    "contacts": _EVERY_FLAT,
    "consents": _EVERY_FLAT,
    "failures": _EVERY_FLAT,
    "known": _EVERY_FLAT,
}
_RESTORE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "waiting": _each(_open),
    "early": _each(lambda row: Early(Ref(*row[:3]), row[3])),
    "open": _each(_open),
    "events": _each(_event),
    "payments": _each(_of(Payment)),
    "numbers": _each(_of(Used)),
    "typed": _of(Typed),
    "contacts": _each(_of(Contact)),
    "consents": _each(_of(Consent)),
    "failures": _each(_of(Failure)),
    "known": _each(_of(Attribute)),
}
_EXPOSURES: Final = ("waiting", "early", "open", "events")
_OF_PERSON: Final = {**_RESTORE, **dict.fromkeys(_EXPOSURES, lambda _: ())}
