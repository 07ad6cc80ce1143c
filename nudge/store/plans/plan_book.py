"""The plans of one subject, as the store remembers them: one for each purpose.

`<count> <place> <stamp ms> <MessagePack>`: the script that writes knows place and stamp of the
latest plan, whose unit, period and payload are the first of the list; the others, behind it, have
their own place and stamp. A plan that was made for another subject, which turned out to be this
one, has the place `<partition>/<place>/<subject>`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgpack

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.journal.block import BlockDecision
from nudge.store.journal.journal import ref_at, standing_decision

MOST: Final = 8
"""Plans of one subject: of so many purposes the latest are remembered, and as many withdrawn."""
WITHDRAWN: Final = "\0"
"""In place of the unit: the plan was withdrawn, and is named until its time has passed."""

Row = tuple[str, bytes, bytes, int]
"""Unit, payload, place, stamp in milliseconds."""
_NOTHING: Final[Row] = (WITHDRAWN, b"", b"0", 0)
"""The first row of a book without a plan."""


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans of one subject.

    Attributes:
        count: how many were ever made: who writes another says how many it saw.
        rows: those that are remembered, the latest first.
        gone: those that were withdrawn.
    """

    count: int = 0
    rows: tuple[Row, ...] = ()
    gone: tuple[Row, ...] = ()

    @classmethod
    def of(cls, book: bytes) -> Plans:
        """Parse the text that the script wrote."""
        count, place, stamp, packed = book.split(b" ", 3)
        (unit, payload), *others = msgpack.unpackb(packed, use_list=False, raw=True)
        latest = (unit.decode(), payload, place, int(stamp))
        if not others and latest[0] != WITHDRAWN:
            return cls(int(count), (latest,))
        rows = (latest, *((unit.decode(), *more) for unit, *more in others))
        gone = tuple(row for row in rows if row[0] == WITHDRAWN and row[1])
        return cls(int(count), tuple(row for row in rows if row[0] != WITHDRAWN), gone)

    def having(self, drawn: BlockDecision, payload: bytes) -> list[tuple[object, ...]]:
        """Return the list for the script: the new plan, and the others that stay."""
        unit = drawn.shape.unit
        rest = (row for row in self.rows if row[0] != unit) if self.rows else ()
        return [(unit, payload), *islice(rest, MOST - 1), *self.gone]

    def standing(self, partition: int, subject: str) -> dict[str, StandingDecision]:
        """Return unit -> the standing plan."""
        found = decode_rows(self.rows, partition, subject)
        return {row[0]: one for row, one in zip(self.rows, found, strict=True)}

    def withdrawn(self, partition: int, subject: str) -> list[StandingDecision]:
        """Return the plans that were withdrawn."""
        return decode_rows(self.gone, partition, subject)

    def moved_from(self, partition: int, subject: str) -> Plans:
        """Return the plans with places that hold in the book of any subject."""
        start = b"%d/" % partition
        end = b"/" + subject.encode()

        def moved(row: Row) -> Row:
            unit, payload, place, stamp = row
            return unit, payload, place if b"/" in place else start + place + end, stamp

        return Plans(self.count, tuple(map(moved, self.rows)), tuple(map(moved, self.gone)))

    def of_subjects(self, subjects: Container[str]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
        """Return the rows that were made for other subjects, and the rest."""
        mine = tuple(row for row in self.rows if _subject_of(row) in subjects)
        return mine, tuple(row for row in self.rows if row not in mine)


NO_PLANS: Final = Plans()


def header_of(plans: Plans) -> tuple[bytes, int]:
    """Return place and stamp of the latest plan, as they stand before the list."""
    _, _, place, stamp = plans.rows[0] if plans.rows else _NOTHING
    return place, stamp


def pack_rows(plans: Plans) -> bytes:
    """Pack the rows of a book, as a script writes them behind the header."""
    first, *others = plans.rows[:MOST] or (_NOTHING,)
    packed: bytes = msgpack.packb(
        [first[:2], *others, *plans.gone[-MOST:]],
        # The server knows the older format only, which has no bytes of their own.
        use_bin_type=False,
    )
    return packed


def decode_rows(rows: Sequence[Row], partition: int, subject: str) -> list[StandingDecision]:
    """Decode rows of a subject's book as plans, in order."""
    return [_plan_of(row, partition, subject) for row in rows]


def _subject_of(row: Row) -> str:
    """Return the other subject that a plan was made for; empty where it is the book's own."""
    _, found, name = row[2].rpartition(b"/")
    return name.decode() if found else ""


def _plan_of(row: Row, partition: int, subject: str) -> StandingDecision:
    _, payload, place, stamp = row
    if b"/" in place:
        other, place, name = place.split(b"/")
        partition, subject = int(other), name.decode()
    return standing_decision(ref_at(partition, place), subject, stamp / 1000, payload, fresh=False)
