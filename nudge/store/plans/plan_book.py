"""The plans of one subject, as the store remembers them: one for each purpose.

`<count> <place> <stamp ms> <MessagePack>`: the script that writes knows place and stamp of the
latest plan, whose unit, period and payload are the first of the list; the others, behind it, have
their own place and stamp.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgpack

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.journal.block import BlockDecision
from nudge.store.journal.journal import ref_at, standing_decision

MOST: Final = 8
"""Plans of one subject: of so many purposes the latest are remembered."""

Row = tuple[str, bytes, bytes, int]
"""Unit, payload, place, stamp in milliseconds."""


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans of one subject.

    Attributes:
        count: how many were ever made: who writes another says how many it saw.
        rows: those that are remembered, the latest first.
    """

    count: int = 0
    rows: tuple[Row, ...] = ()

    @classmethod
    def of(cls, book: bytes) -> Plans:
        """Parse the text that the script wrote."""
        count, place, stamp, packed = book.split(b" ", 3)
        (unit, payload), *others = msgpack.unpackb(packed, use_list=False, raw=True)
        latest = (unit.decode(), payload, place, int(stamp))
        rest = ((unit.decode(), *more) for unit, *more in others)
        return cls(int(count), (latest, *rest))

    def having(self, drawn: BlockDecision, payload: bytes) -> list[tuple[object, ...]]:
        """Return the list for the script: the new plan, and the others that stay."""
        unit = drawn.shape.unit
        rest = (row for row in self.rows if row[0] != unit) if self.rows else ()
        return [(unit, payload), *islice(rest, MOST - 1)]

    def standing(self, partition: int, subject: str) -> dict[str, StandingDecision]:
        """Return unit -> the standing plan."""
        return {
            unit: standing_decision(
                ref_at(partition, place), subject, stamp / 1000, payload, fresh=False
            )
            for unit, payload, place, stamp in self.rows
        }


NO_PLANS: Final = Plans()
