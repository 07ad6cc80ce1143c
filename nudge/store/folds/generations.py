"""Generations of a fold's state: a new one is built beside the one that counts, then swapped in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from nudge.domain.journal.fold_name import FoldName
from nudge.errors import StoreError
from nudge.store.folds.folds import DROPPED, GENERATION, TALLY, Folds, Lease
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    FoldName.ATTRIBUTE.value: ("visitor", "open"),
    FoldName.LEARN.value: ("counts", "blocks", "totals"),
    FoldName.MONITOR.value: ("minutes", "trace", "shares"),
    FoldName.CARE.value: (
        *("watch", "watch_due", "case", "case_times", "cases_open"),
        *("case_queue", "case_queues"),
    ),
    FoldName.SEGMENT.value: ("member", "member_due", "members", "member_days"),
}
"""Fold -> the families of keys that are its state, besides its own hash."""
RULES: Final = "rules"
"""The field of the hash of `segment` that says by which rules members are judged, and since."""
FIELDS: Final = (GENERATION, "watermark", "slots", "minutes", DROPPED, RULES, TALLY)
"""Fields of the fold's hash that describe its state."""
GRACE: Final = 60
"""Seconds that a state which does not count any more can still be read: whoever asked for the
generation just before the swap reads on."""
CHUNK: Final = 500


class RebuildingError(StoreError):
    """Another process rebuilds this fold in this partition."""

    code = "rebuilding"


def builder(fold: str) -> str:
    """Return the name under which a fold's new generation is built."""
    return f"{fold}-rebuild"


@dataclass(frozen=True)
class Generations:
    """Generations of a fold's state: built anew beside the live one, then swapped in."""

    client: Client
    keys: Keys

    def begin(self, partition: int, fold: str, owner: str, ttl: float) -> Lease:
        """Begin an empty generation at position 0.

        Raises:
            RebuildingError: somebody else builds one.
        """
        lease = Folds(self.client, self.keys).acquire(partition, builder(fold), owner, ttl)
        if lease is None:
            text = f"{fold} of partition {partition} is being rebuilt by another process"
            raise RebuildingError(f"{text}; wait for it, or {ttl:g} s after it died")
        self.client.run("build", [self.keys.fold(partition, lease.fold)], [lease.token, *FIELDS])
        return Lease(partition, lease.fold, owner, lease.token, 0)

    def swap(self, live: Lease, built: Lease) -> None:
        """Swap the built generation in; the fold is broken no more.

        Raises:
            FencedError: one of the two was taken over, or they do not stand at the same position.
        """
        names = [
            self.keys.fold(built.partition, live.fold),
            self.keys.fold(built.partition, built.fold),
        ]
        self.client.run("swap", names, [live.token, built.token, built.position, *FIELDS])

    def sweep(self, partition: int, fold: str) -> int:
        """Let every stale generation expire, those of dead builders too; return how many keys.

        Returns:
            How many keys.
        """
        counts = Folds(self.client, self.keys).generation_of(partition, fold)
        stale = self._stale(partition, fold, counts)
        removed = 0
        while chunk := list(islice(stale, CHUNK)):
            self.client.run("expire", chunk, [GRACE])
            removed += len(chunk)
        return removed

    def subjects(self, partition: int, generation: int) -> Iterator[str]:
        """Iterate over the subjects of a generation: in any order, some perhaps twice."""
        start = self.keys.visitor(partition, "", generation)
        return (key.removeprefix(start) for key in self.client.scan(start + "*"))

    def _stale(self, partition: int, fold: str, counts: int) -> Iterator[str]:
        start = self.keys.prefix(partition)
        of_fold = re.compile(rf"(?:{'|'.join(FAMILIES[fold])})(?:@(\d+))?(?::|$)")
        for key in self.client.scan(start + "*"):
            match = of_fold.match(key, len(start))
            if match and int(match[1] or 0) != counts:
                yield key
