"""What `learn` keeps of a partition at one moment, read while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nudge.store.folds.counts import KINDS, LEARN, CountRow, blocks_changed, fields, read_block
from nudge.store.folds.folds import GENERATION, kept
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

TRIES: Final = 200
"""How often what moved meanwhile is read again."""

Sums = Counter[tuple[str, str]]
"""(slot, field of its totals) -> number; an absent one is zero."""


@dataclass(frozen=True)
class CountsMoment:
    """What `learn` keeps, all at one position.

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
    """The blocks that were read, and up to which position they are as they were read."""

    generation: int = -1
    since: int = 0
    rows: dict[tuple[str, str], list[CountRow]] = field(default_factory=dict)


def moment(client: Client, keys: Keys, partition: int) -> CountsMoment | None:
    """One moment of a partition; None where a commit came between in every try.

    A try reads the totals whole, and only the blocks that changed since the one before.
    """
    blocks = _Blocks()
    for _ in range(TRIES):
        before = _head(client, keys, partition)
        position, generation, slots = int(before[0] or 0), int(before[1] or 0), before[2] or ""
        if generation != blocks.generation:
            blocks = _Blocks(generation)
        totals: Sums = Counter()
        for slot in slots.split():
            found = fields(client, keys.totals(partition, slot, generation))
            totals.update({(slot, name): value for name, value in found.items()})
            _read(client, keys, partition, slot, blocks)
        blocks.since = position
        if _head(client, keys, partition) == before:
            return CountsMoment(position, totals, _learned(blocks.rows))
    return None


def _head(client: Client, keys: Keys, partition: int) -> list[str | None]:
    return kept(client, keys, partition, LEARN, "position", GENERATION, "slots")


def _read(client: Client, keys: Keys, partition: int, slot: str, blocks: _Blocks) -> None:
    g = blocks.generation
    for block in blocks_changed(client, keys, partition, slot, blocks.since, g):
        blocks.rows[slot, block] = read_block(client, keys, partition, slot, block, g)


def _learned(rows: Mapping[tuple[str, str], list[CountRow]]) -> Sums:
    sums: Sums = Counter()
    for (slot, block), found in rows.items():
        revision = block.partition(":")[0]
        for row in found:
            for kind, number in zip(KINDS, row.tally, strict=True):
                sums[slot, f"{revision}|policy|{row.variant}|{kind}"] += number
    return sums
