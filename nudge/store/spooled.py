"""What waits in the spool, as bytes: an arrival and where it goes."""

from __future__ import annotations

from dataclasses import dataclass

import msgpack

from nudge.domain.records import Decision, Event
from nudge.errors import CorruptRecordError
from nudge.store.codec import decode, encode
from nudge.store.journal import Arrival


@dataclass(frozen=True)
class Spooled:
    """An arrival that could not be appended.

    Attributes:
        partition: to which it goes.
        arrival: what is appended.
        closes: its visitor cannot be claimed by a device any more.
    """

    partition: int
    arrival: Arrival
    closes: bool


def pack(one: Spooled) -> bytes:
    """As bytes."""
    record = one.arrival.record
    row = (one.partition, one.arrival.visitor_hash, record.subject, one.closes, encode(record))
    packed: bytes = msgpack.packb(row)
    return packed


def unpack(content: bytes) -> Spooled:
    """The inverse of `pack`.

    Raises:
        CorruptRecordError: it is not of this version.
    """
    try:
        partition, visitor_hash, subject, closes, payload = msgpack.unpackb(content)
    except (ValueError, msgpack.UnpackException) as error:
        raise CorruptRecordError("a spooled record cannot be read") from error
    record = decode(payload, subject)
    if not isinstance(record, Event | Decision):
        raise CorruptRecordError(f"a spooled record holds a {record.kind}")
    return Spooled(partition, Arrival(visitor_hash, record), closes)
