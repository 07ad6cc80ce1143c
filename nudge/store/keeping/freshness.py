"""How fresh the lake is: until when everything that was logged is in it, and credited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nudge import clock
from nudge.store.folds import folds
from nudge.store.journal import journal
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

READERS: Final = ("archive", "attribute")
"""The folds that must have read a record before a report can know it."""


@dataclass(frozen=True)
class Freshness:
    """Which partitions' records were all in the lake, and credited, at one moment.

    Attributes:
        at: seconds, the moment.
        complete: partition -> whether it was.
    """

    at: float
    complete: Mapping[int, bool]

    @classmethod
    def of(cls, client: Client, keys: Keys) -> Freshness:
        """As of now.

        Raises:
            StoreAwayError: the store does not answer.
        """
        at = clock.now()
        return cls(at, {p: _complete(client, keys, p) for p in keys.every_partition()})

    def as_of(self, marks: Mapping[int, float]) -> float:
        """Until when everything is in the lake.

        Args:
            marks: partition -> watermark of the lake, read later.
        """
        times = [self.at if done else marks.get(p, 0.0) for p, done in self.complete.items()]
        return min(times, default=self.at)


def _complete(client: Client, keys: Keys, partition: int) -> bool:
    # The journal's end is read last: where the folds had reached it, nothing came between.
    reached = [
        folds.position_of(client, keys, partition, fold) for fold in ("archive", "attribute")
    ]
    return min(reached) >= journal.last_position(client, keys, partition)
