"""Records as bytes: a version byte, then MessagePack of the kind and the fields in their order.

The subject is not among them: it is a field of the stream entry, so that scripts can fill it in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import lru_cache
from operator import attrgetter
from struct import Struct
from typing import Any, Final

import msgpack

from nudge.domain.journal.records import Decision, Event, Exposure, Mark, Record, Ref, Reward
from nudge.domain.slots.slot import Objective, On, RewardTerms
from nudge.errors import CorruptRecordError

VERSION: Final = 1
_HEAD: Final = bytes((VERSION,))
_NIL: Final = b"\xc0"
_FLOAT: Final = Struct(">Bd")
_IS_FLOAT: Final = 0xCB
"""MessagePack's words for nothing, and for a double behind its byte."""
_KINDS: Final[tuple[type[Record], ...]] = (Decision, Exposure, Reward, Event, Mark)
_CODES: Final = {kind: code for code, kind in enumerate(_KINDS)}
_FIELDS: Final = {
    kind: tuple(f.name for f in fields(kind) if f.name != "subject") for kind in _KINDS
}
_VALUES: Final[dict[type[Record], Callable[[Record], tuple[object, ...]]]] = {
    kind: attrgetter(*names) for kind, names in _FIELDS.items()
}

_NAMES: Final = tuple(f.name for f in fields(Decision))
_DEFAULTS: Final = {f.name: f.default for f in fields(Decision) if f.default is not MISSING}
_LEAST: Final = len(_NAMES) - len(_DEFAULTS)
"""Fields of a decision that the first version had."""


@lru_cache(maxsize=1024)
def _terms(on: On, event: str, objective: Objective, window: float) -> RewardTerms:
    """Return terms; those of a slot stand in each of its decisions."""
    return RewardTerms(on, event, objective, window)


def _ref(value: list[int]) -> Ref:
    return Ref(*value)


_RESTORE: Final[dict[str, Callable[[Any], object]]] = {
    "decision": _ref,
    "ref": _ref,
    "supersedes": _ref,
    "twin": _ref,
    "terms": lambda value: _terms(*value),
    "eligible": tuple,
    "pmf": tuple,
}
_RESTORED: Final = tuple(
    tuple((i, _RESTORE[name]) for i, name in enumerate(_FIELDS[kind]) if name in _RESTORE)
    for kind in _KINDS
)
"""By code: places of the values that MessagePack does not hold as they are, and what they were."""
_SUBJECTS: Final = tuple([f.name for f in fields(kind)].index("subject") for kind in _KINDS)
"""By code: the place of the subject."""


def _plain(value: object) -> object:
    if isinstance(value, RewardTerms):
        return (value.on, value.event, value.objective, value.window)
    raise TypeError(f"a record cannot hold {type(value).__name__}")


def _decision(values: list[Any]) -> Decision:
    """Return the decision of its values, the subject first.

    Setting each field of a frozen record would take as long as all else that reading one does.
    """
    if not _LEAST <= len(values) <= len(_NAMES):
        raise ValueError(f"a decision of {len(values)} fields")
    decision = object.__new__(Decision)
    known = decision.__dict__
    if len(values) < len(_NAMES):
        known.update(_DEFAULTS)
    known.update(zip(_NAMES, values, strict=False))
    return decision


def encode(record: Record) -> bytes:
    """Return the record's payload, without its subject.

    Raises:
        TypeError: a field holds what MessagePack cannot.
    """
    kind = type(record)
    packed: bytes = msgpack.packb((_CODES[kind], *_VALUES[kind](record)), default=_plain)
    return _HEAD + packed


def encoder(decision: Decision) -> Callable[[float | None], bytes]:
    """Return a function for payloads of decisions that differ only in when they are due.

    Threads may share it.
    """
    names = _FIELDS[Decision]
    values = [_CODES[Decision], *_VALUES[Decision](decision)]
    place = 1 + names.index("due")
    packer = msgpack.Packer(default=_plain)
    start: bytes = packer.pack_array_header(len(values))
    head, tail = (b"".join(map(packer.pack, x)) for x in (values[:place], values[place + 1 :]))
    head = _HEAD + start + head

    def payload(due: float | None) -> bytes:
        return head + (_NIL if due is None else _FLOAT.pack(_IS_FLOAT, due)) + tail

    return payload


def decode(payload: bytes, subject: str) -> Record:
    """Return the record that `encode` was given.

    Raises:
        CorruptRecordError: another version's bytes, or none at all.
    """
    if payload[:1] != _HEAD:
        raise CorruptRecordError(f"record version {payload[:1].hex()!r}, expected {VERSION:02x}")
    try:
        code, *values = msgpack.unpackb(payload[1:], strict_map_key=False)
        # Fields join at the end: what an earlier version wrote has the first of them.
        count = len(values)
        for place, restore in _RESTORED[code]:
            if place < count and values[place] is not None:
                values[place] = restore(values[place])
        values.insert(_SUBJECTS[code], subject)
        record: Record = _decision(values) if code == 0 else _KINDS[code](*values)
    except (ValueError, TypeError, IndexError, msgpack.UnpackException) as error:
        raise CorruptRecordError(f"a record of {len(payload)} bytes cannot be read") from error
    return record
