"""Counts and totals of `learn` in a partition at one moment, read while the fold goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import DecisionReason
from nudge.store.folds.count_codec import CLAIMS, fields_of, split_block, totals_name
from nudge.store.folds.counts import CountRow, Counts
from nudge.store.folds.folds import GENERATION, Folds
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

TRIES: Final = 200
"""How often what moved meanwhile is read again."""

Sums = Counter[tuple[str, str]]
"""(slot, field of its totals) -> number; an absent one is zero."""


@dataclass(frozen=True)
class CountsMoment:
    """The counts and totals of `learn`, all at one position.

    Attributes:
        position: up to which.
        totals: as they stand.
        learned: the sums over all buckets, as fields of the totals.
    """

    position: int
    totals: Sums
    learned: Sums


@dataclass
class _Blocks:
    """The blocks that were read, and the position as of which each was."""

    generation: int = -1
    since: int = 0
    rows: dict[tuple[str, str], list[CountRow]] = field(default_factory=dict)


@dataclass(frozen=True)
class CountMoments:
    """Moments of `learn`: its counts and totals, all read at one position."""

    client: Client
    keys: Keys

    @property
    def _counts(self) -> Counts:
        return Counts(self.client, self.keys)

    def moment(self, partition: int) -> CountsMoment | None:
        """Return one moment of a partition; None where a commit came between in every try.

        A try reads the totals whole, and only the blocks that changed since the one before.
        """
        blocks = _Blocks()
        for _ in range(TRIES):
            before = self._head(partition)
            position, generation, slots = int(before[0] or 0), int(before[1] or 0), before[2] or ""
            if generation != blocks.generation:
                blocks = _Blocks(generation)
            totals: Sums = Counter()
            for slot in slots.split():
                found = self._counts.fields(self.keys.totals(partition, slot, generation))
                totals.update({(slot, name): value for name, value in found.items()})
                self._read(partition, slot, blocks)
            blocks.since = position
            if self._head(partition) == before:
                return CountsMoment(position, totals, _learned(blocks.rows))
        return None

    def _head(self, partition: int) -> list[str | None]:
        return Folds(self.client, self.keys).read_fields(
            partition, FoldName.LEARN, "position", GENERATION, "slots"
        )

    def _read(self, partition: int, slot: str, blocks: _Blocks) -> None:
        g = blocks.generation
        for block in self._counts.blocks_changed(partition, slot, blocks.since, g):
            blocks.rows[slot, block] = self._counts.read_block(partition, slot, block, g)


def _learned(rows: Mapping[tuple[str, str], list[CountRow]]) -> Sums:
    sums: Sums = Counter()
    for (slot, block), found in rows.items():
        revision, _ = split_block(block)
        for row in found:
            name = totals_name(revision, DecisionReason.POLICY, row.variant)
            for one, number in fields_of(name, row.tally):
                sums[slot, one] += number
            for one, number in fields_of(name, row.claims, CLAIMS):
                sums[slot, one] += number
    return sums
