"""Parting of a visitor who had been taken for another: the records that set both states. Pure.

See docs/decisions/0017: the content of a record is fixed before it is written.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final, NamedTuple

from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.merging import INTO, JOINED, PARTITION, STATE
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state, encode_state
from nudge.domain.slots.slot import Scalar

PARTED: Final = "parted"
"""Type of the event that sets a subject's state to what it is without another one's records."""
OTHER: Final = "other"
"""The field of the side that stays: the state of the side that left."""
INTO_OTHER: Final = INTO + "_other"
"""The field of the side that stays: the subject that left."""
LATE: Final = "late"
"""The field of the side that stays: what came for the other side after its state was read."""
UPTO: Final = "upto"
"""The field of the side that leaves: up to where each partition was read."""
ROOT_UPTO: Final = "root_upto"


class ReadLimits(NamedTuple):
    """The positions up to which a split has read the records of both sides.

    Attributes:
        upto: partition -> last position that counts, of all subjects but the root.
        root: last position of the root's records.
    """

    upto: Mapping[int, int]
    root: int


def leaving_record(
    subject: str, name: str, state: VisitorState, root: str, limits: ReadLimits
) -> Event:
    """Build the record of the side that leaves.

    Args:
        subject: that leaves.
        name: of the record.
        state: of the side.
        root: the subject that it leaves.
        limits: of what the state was made of.
    """
    upto = ",".join(f"{p}:{position}" for p, position in sorted(limits.upto.items()))
    fields: dict[str, Scalar] = {STATE: _packed(state), "from": root}
    fields |= {UPTO: upto, ROOT_UPTO: limits.root}
    return Event(subject, name, PARTED, "server", fields=fields)


def limits_of(event: Event) -> ReadLimits:
    """Return the positions up to which the side that left was read."""
    pairs = (one.split(":") for one in str(event.fields[UPTO]).split(","))
    root = event.fields[ROOT_UPTO]
    return ReadLimits({int(p): int(at) for p, at in pairs}, int(str(root)))


def staying_record(
    subject: str, name: str, state: VisitorState, left: Event, to: tuple[int, VisitorState | None]
) -> Event:
    """Build the record of the side that stays.

    Args:
        subject: that stays.
        name: of the record.
        state: of the side.
        left: the record of the other side.
        to: the other side's partition, and what came for it since its state was read.
    """
    partition, late = to
    fields: dict[str, Scalar] = {STATE: _packed(state), OTHER: left.fields[STATE]}
    fields |= {INTO_OTHER: left.subject, PARTITION: partition}
    if late is not None:
        fields[LATE] = _packed(late)
    return Event(subject, name, PARTED, "server", fields=fields)


def other_of(event: Event) -> VisitorState | None:
    """Return the state of the side that left; None in the record of that side itself.

    Raises:
        CorruptRecordError: it cannot be read.
    """
    content = event.fields.get(OTHER)
    return None if content is None else decode_state(base64.b85decode(str(content)))


def late_arrival(entry: JournalEntry, parted: Event) -> tuple[int, Event] | None:
    """Return the record that brings the side that left what came for it late; None for nothing.

    Idempotent: its id is derived from the place of its cause.
    """
    content = parted.fields.get(LATE)
    if content is None:
        return None
    name = f"{JOINED}:{entry.partition}:{entry.position}"
    fields: dict[str, Scalar] = {STATE: content, "from": parted.subject}
    other = str(parted.fields[INTO_OTHER])
    return int(str(parted.fields[PARTITION])), Event(other, name, JOINED, "server", fields=fields)


def _packed(state: VisitorState) -> str:
    return base64.b85encode(encode_state(state.having(into=None))).decode()
