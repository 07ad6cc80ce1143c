"""Reads what `learn` counts: totals by variant, and counts in buckets of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from nudge.store.folds.folds import generation_of
from nudge.store.wire.client import Client, Reply
from nudge.store.wire.keys import Keys

LEARN: Final = "learn"
"""The fold that writes the counts."""
KINDS: Final = "tcrq"
"""Last part of a field: trials, conversions, reward, squared reward."""


Tally = tuple[int, int, int, int]
"""Trials, conversions, reward in fen, sum of squared rewards: integers, so each sum is exact."""

NOTHING: Final[Tally] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Total:
    """What came of one variant in one slot, over all partitions.

    Attributes:
        revision: of the slot.
        reason: of the decisions.
        variant: shown.
        trials: exposures.
        conversions: exposures that were rewarded.
        value: fen.
        square: sum of squared values, fen squared.
    """

    revision: int
    reason: str
    variant: str
    trials: int
    conversions: int
    value: int
    square: int


@dataclass(frozen=True, slots=True)
class CountRow:
    """Counts of one variant in one cell and bucket of time, in one partition.

    Attributes:
        bucket: start, seconds.
        cell: of the decisions.
        variant: shown.
        tally: of its exposures.
    """

    bucket: int
    cell: str
    variant: str
    tally: Tally


def totals(client: Client, keys: Keys, slot: str) -> list[Total]:
    """The slot's totals by revision, reason and variant, in that order, over all partitions."""
    sums: dict[tuple[int, str, str], Tally] = {}
    for partition in keys.every_partition():
        generation = generation_of(client, keys, partition, LEARN)
        found = fields(client, keys.totals(partition, slot, generation))
        for name, tally in _tallies(found).items():
            revision, reason, variant = name.split("|", 2)
            key = (int(revision), reason, variant)
            sums[key] = _plus(sums.get(key, NOTHING), tally)
    return [Total(*key, *tally) for key, tally in sorted(sums.items())]


def blocks(client: Client, keys: Keys, partition: int, slot: str, generation: int = 0) -> list[str]:
    """The slot's blocks in a partition (`<revision>:<day>`)."""
    return blocks_changed(client, keys, partition, slot, 0, generation)


def blocks_changed(
    client: Client, keys: Keys, partition: int, slot: str, since: int, generation: int = 0
) -> list[str]:
    """The blocks that changed behind a position of the journal, in the order of their change."""
    key = keys.blocks(partition, slot, generation)
    found = client.call("ZRANGEBYSCORE", key, f"({since}", "+inf")
    return [block.decode() for block in found]


def read_block(
    client: Client, keys: Keys, partition: int, slot: str, block: str, generation: int = 0
) -> list[CountRow]:
    """The rows of one block; those that are all zero are left out."""
    rows = []
    key = keys.counts(partition, slot, block, generation)
    for name, tally in _tallies(fields(client, key)).items():
        bucket, cell, variant = name.split("|", 2)
        if tally != NOTHING:
            rows.append(CountRow(int(bucket), cell, variant, tally))
    return rows


def fields(client: Client, key: str) -> dict[str, int]:
    """A hash of counts as it stands."""
    return {name.decode(): int(value) for name, value in _pairs(client.call("HGETALL", key))}


def _plus(one: Tally, other: Tally) -> Tally:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _tallies(found: Mapping[str, int]) -> dict[str, Tally]:
    names = dict.fromkeys(name.rpartition("|")[0] for name in found)
    t, c, r, q = KINDS
    return {
        name: (
            found.get(f"{name}|{t}", 0),
            found.get(f"{name}|{c}", 0),
            found.get(f"{name}|{r}", 0),
            found.get(f"{name}|{q}", 0),
        )
        for name in names
    }


def _pairs(reply: Reply) -> Iterable[tuple[bytes, bytes]]:
    return reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
