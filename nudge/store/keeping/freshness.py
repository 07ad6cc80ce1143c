"""Freshness of the lake: the time until which every logged record is in it, and credited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nudge import clock
from nudge.domain.journal.fold_name import FoldName
from nudge.store.folds.folds import Folds
from nudge.store.journal.journal import Journal
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

READERS: Final = (FoldName.ARCHIVE, FoldName.ATTRIBUTE)
"""The folds that must have read a record before a report can know it."""


@dataclass(frozen=True)
class Freshness:
    """The partitions whose records were all in the lake, and credited, at one moment.

    Attributes:
        at: seconds, the moment.
        complete: partition -> whether it was.
    """

    at: float
    complete: Mapping[int, bool]

    def as_of(self, marks: Mapping[int, float]) -> float:
        """Return the time until which every record is in the lake, in seconds.

        Args:
            marks: partition -> watermark of the lake, read later.
        """
        times = [self.at if done else marks.get(p, 0.0) for p, done in self.complete.items()]
        return min(times, default=self.at)


@dataclass(frozen=True)
class FreshnessReader:
    """The reader of freshness, which compares the folds' positions with the journal's ends."""

    client: Client
    keys: Keys

    def read(self) -> Freshness:
        """Return the freshness as of now.

        Raises:
            StoreAwayError: the store does not answer.
        """
        at = clock.now()
        return Freshness(at, {p: self._is_complete(p) for p in self.keys.every_partition()})

    def _is_complete(self, partition: int) -> bool:
        # The journal's end is read last: where the folds had reached it, nothing came between.
        folds = Folds(self.client, self.keys)
        reached = [folds.position_of(partition, fold) for fold in READERS]
        return min(reached) >= Journal(self.client, self.keys).last_position(partition)
