"""Retention of the journal: trimmed behind all folds and the archive, by age and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.fold_name import FOLDS
from nudge.store.folds.folds import Folds
from nudge.store.journal.appends import TrimLimits
from nudge.store.journal.journal import Journal
from nudge.store.keeping.memory import StoreMemory
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

AT_ONCE: Final = 5000
"""Most entries that one call removes: the store does nothing else meanwhile."""


@dataclass(frozen=True)
class RetentionRule:
    """The rule by which entries of the journal are kept.

    Attributes:
        seconds: that an entry stays.
        bytes: that the journal may take, over all partitions; 0 is any number.
    """

    seconds: float
    bytes: int = 0


@dataclass(frozen=True)
class TrimResult:
    """The result of trimming one partition.

    Attributes:
        entries: how many.
        young: how many of these only the memory limit made go.
        bound: the last position that was allowed to go.
    """

    entries: int
    young: int
    bound: int


@dataclass(frozen=True)
class Retention:
    """The retention of the journal: trims what every fold has read."""

    client: Client
    keys: Keys

    def trim(self, partition: int, keep: RetentionRule) -> TrimResult:
        """Remove entries that every fold, the archive too, has read and no rule keeps.

        Positions of folds only rise, so that it does not matter what they do meanwhile.
        """
        bound = min(Folds(self.client, self.keys).position_of(partition, fold) for fold in FOLDS)
        share = -(-keep.bytes // self.keys.partitions)
        limits = TrimLimits(bound, keep.seconds, share)
        journal = Journal(self.client, self.keys)
        entries = young = 0
        while True:
            reply = journal.trim(partition, limits, AT_ONCE)
            entries, young = entries + reply.removed, young + reply.young
            if not (reply.more and reply.removed):
                return TrimResult(entries, young, bound)

    def room(self, wanted: int) -> int:
        """Return how many bytes the journal may take: what is wanted, or half of the store's limit.

        The other half is for visitors and counts, which no trimming frees.

        Args:
            wanted: by the settings; 0 is any number.

        Returns:
            The bytes; 0 is any number.

        Raises:
            StoreAwayError: no answer.
        """
        limits = [one for one in (wanted, StoreMemory(self.client).level().limit // 2) if one]
        return min(limits, default=0)

    def used(self, partition: int) -> int:
        """Return about how many bytes of memory the journal takes."""
        return int(self.client.call("MEMORY", "USAGE", self.keys.journal(partition)) or 0)
