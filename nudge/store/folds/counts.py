"""Counts of learning in the store: totals by variant, and counts in buckets of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bandits.buckets import bucket_of
from nudge.domain.credit.booking import LEARNED, BookingKey
from nudge.domain.credit.tally import NOTHING, Claims, Tally, plus
from nudge.domain.journal.fold_name import FoldName
from nudge.store.folds.count_codec import (
    CLAIMS,
    KINDS,
    bucket_of_field,
    counts_name,
    fields_of,
    moved_field,
    split_block,
    split_name,
    tallies,
    totals_name,
)
from nudge.store.folds.folds import Folds, FoldWrite
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True, slots=True)
class Total:
    """A total of one variant in one slot, over all partitions.

    Attributes:
        variant: shown.
        trials: exposures.
        conversions: exposures that were rewarded.
        value: fen.
        square: sum of squared values, fen squared.
        claims: conversions that rest on a page's word alone.
    """

    revision: int
    reason: str
    variant: str
    trials: int
    conversions: int
    value: int
    square: int
    claims: int = 0


@dataclass(frozen=True, slots=True)
class CountRow:
    """Counts of one variant in one cell and bucket of time, in one partition.

    Attributes:
        bucket: start, seconds.
        variant: shown.
        tally: of its exposures.
        claims: what pages said of it.
    """

    bucket: int
    cell: str
    variant: str
    tally: Tally
    claims: Claims = NOTHING


@dataclass(frozen=True)
class Counts:
    """The counts of an installation, by slot, block of time, cell and variant.

    `add` and `widen` are the one writer: the fold and a rebuild both commit what they give.
    """

    client: Client
    keys: Keys

    def totals(self, slot: str) -> list[Total]:
        """Read a slot's totals over all partitions, ordered by revision, reason and variant."""
        sums: dict[tuple[int, str, str], Tally] = {}
        told: defaultdict[tuple[int, str, str], int] = defaultdict(int)
        for partition in self.keys.every_partition():
            generation = Folds(self.client, self.keys).generation_of(partition, FoldName.LEARN)
            found = self.fields(self.keys.totals(partition, slot, generation))
            for name, tally in tallies(found).items():
                key = split_name(name)
                sums[key] = plus(sums.get(key, NOTHING), tally)
            for name, tally in tallies(found, CLAIMS).items():
                told[split_name(name)] += tally[1]
        return [Total(*key, *tally, told[key]) for key, tally in sorted(sums.items())]

    def blocks(self, partition: int, slot: str, generation: int = 0) -> list[str]:
        """List a slot's blocks in a partition."""
        return self.blocks_changed(partition, slot, 0, generation)

    def blocks_changed(
        self, partition: int, slot: str, since: int, generation: int = 0
    ) -> list[str]:
        """List the blocks that changed behind a position of the journal, oldest change first."""
        key = self.keys.blocks(partition, slot, generation)
        found = self.client.call("ZRANGEBYSCORE", key, f"({since}", "+inf")
        return [block.decode() for block in found]

    def read_block(
        self, partition: int, slot: str, block: str, generation: int = 0
    ) -> list[CountRow]:
        """Read the rows of one block that are not all zero."""
        fields = self.fields(self.keys.counts(partition, slot, block, generation))
        claims = tallies(fields, CLAIMS)
        return [
            CountRow(*split_name(name), tally, claims[name])
            for name, tally in tallies(fields).items()
            if tally != NOTHING or claims[name] != NOTHING
        ]

    def fields(self, key: str) -> dict[str, int]:
        """Read a hash of counts as it stands."""
        found = self.client.read_hash(key)
        return {name.decode(): int(value) for name, value in found.items()}

    def add(
        self,
        partition: int,
        generation: int,
        booked: Mapping[BookingKey, Tally],
        position: int,
    ) -> Iterator[FoldWrite]:
        """Yield the writes that add bookings to totals, and to buckets if their reason is learned.

        Args:
            partition: of the journal.
            generation: of the fold's state.
            booked: by the bucket that is due for each.
            position: of the journal at which their blocks change.
        """
        sums: defaultdict[tuple[str, str], defaultdict[str, Tally]] = defaultdict(
            lambda: defaultdict(lambda: NOTHING)
        )
        blocks: set[tuple[str, str]] = set()
        for key, tally in booked.items():
            kinds = CLAIMS if key.claim else KINDS
            of_slot = sums[self.keys.totals(partition, key.slot, generation), kinds]
            name = totals_name(key.revision, key.reason, key.variant)
            of_slot[name] = plus(of_slot[name], tally)
            if key.reason in LEARNED:
                blocks.add((key.slot, key.block))
                block = self.keys.counts(partition, key.slot, key.block, generation)
                of_block = sums[block, kinds]
                name = counts_name(key)
                of_block[name] = plus(of_block[name], tally)
        for (hash_key, kinds), names in sums.items():
            for name, tally in names.items():
                for field, number in fields_of(name, tally, kinds):
                    if number:
                        yield FoldWrite("HINCRBY", hash_key, (field, number))
        for slot, block in sorted(blocks):
            yield self._changed(partition, slot, block, generation, position)

    def widen(
        self,
        partition: int,
        slot: str,
        days: frozenset[int],
        watermark: float,
        position: int,
        generation: int = 0,
    ) -> Iterator[FoldWrite]:
        """Yield the writes that move counts of some days to wider buckets; sums stay equal.

        Args:
            partition: of the journal.
            slot: name of the slot.
            days: since the epoch (UTC).
            watermark: seconds, up to which the journal is counted.
            position: of the journal at which the blocks change.
            generation: of the fold's state.
        """
        for block in self.blocks(partition, slot, generation):
            if split_block(block)[1] not in days:
                continue
            moves = list(
                self._moves(self.keys.counts(partition, slot, block, generation), watermark)
            )
            yield from moves
            if moves:
                yield self._changed(partition, slot, block, generation, position)

    def _moves(self, key: str, watermark: float) -> Iterator[FoldWrite]:
        for field, number in self.fields(key).items():
            bucket = bucket_of_field(field)
            due = bucket_of(bucket, watermark)
            if due != bucket:
                yield FoldWrite("HDEL", key, (field,))
                yield FoldWrite("HINCRBY", key, (moved_field(field, due), number))

    def _changed(
        self, partition: int, slot: str, block: str, generation: int, position: int
    ) -> FoldWrite:
        """Note the position at which a block changed, so that a publisher reads only those."""
        return FoldWrite("ZADD", self.keys.blocks(partition, slot, generation), (position, block))
