"""How long the journal is kept: trimmed behind all folds and the archive, by age and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.fold_name import FOLDS
from nudge.store.folds.folds import Folds
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

AT_ONCE: Final = 5000
"""Most entries that one call removes: the store does nothing else meanwhile."""


@dataclass(frozen=True)
class RetentionRule:
    """What is kept of the journal.

    Attributes:
        seconds: that an entry stays.
        bytes: that the journal may take, over all partitions; 0 is any number.
    """

    seconds: float
    bytes: int = 0


@dataclass(frozen=True)
class TrimResult:
    """What was removed.

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
    """Retention of the journal: what every reader has is trimmed.

    Attributes:
        client: of the store.
        keys: of the installation.
    """

    client: Client
    keys: Keys

    def trim(self, partition: int, keep: RetentionRule) -> TrimResult:
        """Remove what need not be kept and what every fold has read, the archive among them.

        Positions of folds only rise, so that it does not matter what they do meanwhile.
        """
        bound = min(Folds(self.client, self.keys).position_of(partition, fold) for fold in FOLDS)
        share = -(-keep.bytes // self.keys.partitions)
        args: list[Arg] = [bound, round(keep.seconds * 1000), share, AT_ONCE]
        entries = young = 0
        while True:
            removed, early, more = self.client.run("trim", [self.keys.journal(partition)], args)
            entries, young = entries + removed, young + early
            if more != b"1" or not removed:
                return TrimResult(entries, young, bound)

    def used(self, partition: int) -> int:
        """Bytes that the journal takes in memory, about."""
        return int(self.client.call("MEMORY", "USAGE", self.keys.journal(partition)) or 0)
