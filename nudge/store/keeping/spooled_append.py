"""Records in the spool, as bytes: the append that failed, and its partition."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Final

import msgpack

from nudge.domain.journal.records import Decision, Event
from nudge.errors import CorruptRecordError
from nudge.store.journal.appends import Append, NamedId, VaultEntry
from nudge.store.wire.codec import decode, encode

NOTHING: Final = ("", (), None)


@dataclass(frozen=True)
class SpooledAppend:
    """A record that could not be appended, and its partition.

    Attributes:
        partition: to which it goes.
        arrival: what is appended.
        closes: its visitor cannot be claimed by a device any more.
        lasting: a server sent it, if it closes.
        keep_for: seconds that a decision sticks, of that moment on; 0 where nothing sticks.
    """

    partition: int
    arrival: Append
    closes: bool
    lasting: bool = True
    keep_for: float = 0.0


def pack(one: SpooledAppend) -> bytes:
    """Return the bytes of a spooled append."""
    arrival, record = one.arrival, one.arrival.record
    notes = [(x.family, x.field, x.value) for x in arrival.notes]
    named = arrival.named
    other = named and astuple(named)
    first = (one.partition, arrival.visitor_hash, record.subject, one.closes, encode(record))
    row = (*first, arrival.of, notes, other, one.lasting, one.keep_for)
    packed: bytes = msgpack.packb(row)
    return packed


def unpack(content: bytes) -> SpooledAppend:
    """Return the spooled append of bytes that `pack` made.

    Raises:
        CorruptRecordError: it is not of this version.
    """
    try:
        partition, visitor_hash, subject, closes, payload, *more = msgpack.unpackb(content)
        # Versions before wrote five fields, then eight, then nine: by whom, and what sticks, is not
        # known of those.
        of, notes, named, *last = more or NOTHING
    except (ValueError, msgpack.UnpackException) as error:
        raise CorruptRecordError("a spooled record cannot be read") from error
    record = decode(payload, subject)
    if not isinstance(record, Event | Decision):
        raise CorruptRecordError(f"a spooled record holds a {record.kind}")
    arrival = Append(
        visitor_hash,
        record,
        str(of or ""),  # the version before wrote a number
        tuple(VaultEntry(*note) for note in notes),
        named and NamedId(*named),
    )
    return SpooledAppend(partition, arrival, closes, *last)
