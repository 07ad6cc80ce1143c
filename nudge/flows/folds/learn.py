"""Learn: from exposures and rewards to counts in buckets of time, and totals.

A fold. Only decisions for the reason `policy` teach, and counts of imported logs; the totals hold
every reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bandits.buckets import DAY, FINE_FOR, HOUR, HOURS_FOR, bucket_of
from nudge.domain.credit import count_import as lessons
from nudge.domain.credit.count_import import ImportedCount, taught
from nudge.domain.journal.records import Exposure, JournalEntry, Reward
from nudge.store.folds import counts
from nudge.store.folds.counts import KINDS
from nudge.store.folds.folds import GENERATION, Commit, FoldWrite, kept
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

WATERMARK: Final = "watermark"
SLOTS: Final = "slots"

Sums = dict[str, dict[str, int]]
"""Key -> field -> change."""


@dataclass(frozen=True)
class LearnState:
    """What the fold keeps of a partition.

    Attributes:
        watermark: seconds.
        slots: that have counts.
        generation: of the state.
    """

    watermark: float
    slots: frozenset[str]
    generation: int = 0


@dataclass(frozen=True)
class Place:
    """Where counts are written.

    Attributes:
        keys: of the installation.
        partition: of the journal.
        generation: of the fold's state.
    """

    keys: Keys
    partition: int
    generation: int


@dataclass(frozen=True)
class LearnFold:
    """The fold `learn`.

    Attributes:
        client: of the store.
        keys: of the installation.
        batch: most entries of one commit.
        name: in its keys; another one while a new generation is built.
    """

    client: Client
    keys: Keys
    batch: int = 2000
    name: str = "learn"

    def prepare(self, partition: int) -> LearnState:
        """Watermark and slots as of the committed position."""
        names = (WATERMARK, SLOTS, GENERATION)
        mark, slots, number = kept(self.client, self.keys, partition, self.name, *names)
        return LearnState(float(mark or 0.0), frozenset((slots or "").split()), int(number or 0))

    def handle(
        self, partition: int, state: LearnState, entries: Sequence[JournalEntry]
    ) -> tuple[LearnState, Commit]:
        """What a batch comes to.

        Args:
            partition: of the journal.
            state: before the batch.
            entries: in order, at least one.
        """
        watermark = max(state.watermark, *(entry.stamp for entry in entries))
        position = entries[-1].position
        booked = [e.record for e in entries if isinstance(e.record, Exposure | Reward)]
        learnt = [one for entry in entries for one in taught(entry.record)]
        slots = state.slots.union(record.slot for record in (*booked, *learnt))
        after = LearnState(watermark, slots, state.generation)
        place = Place(self.keys, partition, state.generation)
        writes = [
            *self._compacted(partition, state, watermark, position),
            *increments(totals(place, booked)),
            *increments(bucketed(place, booked, watermark)),
            *increments(imported(place, learnt, watermark)),
            *changed_blocks(place, booked, learnt, position),
            FoldWrite("HSET", self.keys.fold(partition, self.name), _kept(after)),
        ]
        return after, Commit(position, (), writes)

    def _compacted(
        self, partition: int, state: LearnState, watermark: float, position: int
    ) -> Iterator[FoldWrite]:
        """Moves counts to wider buckets where the watermark has crossed an hour."""
        days, generation = crossed_days(state.watermark, watermark), state.generation
        for slot in sorted(state.slots) if days else ():
            for block in counts.blocks(self.client, self.keys, partition, slot, generation):
                if int(block.rpartition(":")[2]) in days:
                    key = self.keys.counts(partition, slot, block, generation)
                    moves = list(moved(key, counts.fields(self.client, key), watermark))
                    yield from moves
                    if moves:
                        listed = self.keys.blocks(partition, slot, generation)
                        yield FoldWrite("ZADD", listed, (position, block))


def crossed_days(before: float, after: float) -> frozenset[int]:
    """The days (since the epoch) in which buckets widen when the watermark moves on.

    Args:
        before: watermark in seconds; 0 where nothing was counted yet.
        after: the new watermark.
    """
    if before <= 0 or int(before // HOUR) == int(after // HOUR):
        return frozenset()
    spans = [((before - age) // DAY, (after - age) // DAY) for age in (FINE_FOR, HOURS_FOR)]
    return frozenset(day for first, last in spans for day in range(int(first) - 1, int(last) + 1))


def moved(key: str, fields: Mapping[str, int], watermark: float) -> Iterator[FoldWrite]:
    """Writes that take counts to the bucket that is due, with equal sums.

    Args:
        key: of the block.
        fields: of the block.
        watermark: seconds.
    """
    for name, value in fields.items():
        bucket, rest = name.split("|", 1)
        due = bucket_of(int(bucket), watermark)
        if due != int(bucket):
            yield FoldWrite("HDEL", key, (name,))
            yield FoldWrite("HINCRBY", key, (f"{due}|{rest}", value))


def bucketed(place: Place, booked: Iterable[Exposure | Reward], watermark: float) -> Sums:
    """What is learned from the records: each is booked at the time of its exposure."""
    sums: Sums = defaultdict(lambda: defaultdict(int))
    for record in booked:
        if record.reason == "policy":
            block = block_of(record)
            key = place.keys.counts(place.partition, record.slot, block, place.generation)
            bucket = bucket_of(_at(record), watermark)
            _add(sums[key], f"{bucket}|{record.cell}|{record.variant}", record)
    return sums


def totals(place: Place, booked: Iterable[Exposure | Reward]) -> Sums:
    """The records' sums by revision, reason and variant."""
    sums: Sums = defaultdict(lambda: defaultdict(int))
    for record in booked:
        field = f"{record.revision}|{record.reason}|{record.variant}"
        key = place.keys.totals(place.partition, record.slot, place.generation)
        _add(sums[key], field, record)
    return sums


def imported(place: Place, learnt: Iterable[ImportedCount], watermark: float) -> Sums:
    """What counts of imported logs come to, in buckets and in totals."""
    sums: Sums = defaultdict(lambda: defaultdict(int))
    p, generation = place.partition, place.generation
    for one in learnt:
        of_block = place.keys.counts(p, one.slot, lessons.block_of(one), generation)
        of_slot = place.keys.totals(p, one.slot, generation)
        bucket = bucket_of(one.at, watermark)
        for kind, number in zip(KINDS, one.sums, strict=True):
            sums[of_block][f"{bucket}|{one.cell}|{one.variant}|{kind}"] += number
            sums[of_slot][f"{one.revision}|{lessons.REASON}|{one.variant}|{kind}"] += number
    return sums


def changed_blocks(
    place: Place,
    booked: Iterable[Exposure | Reward],
    learnt: Iterable[ImportedCount],
    position: int,
) -> list[FoldWrite]:
    """Notes the position at which blocks changed, so that a publisher reads only those."""
    names = {(r.slot, block_of(r)) for r in booked if r.reason == "policy"}
    names |= {(one.slot, lessons.block_of(one)) for one in learnt}
    keys, p, generation = place.keys, place.partition, place.generation
    return [
        FoldWrite("ZADD", keys.blocks(p, slot, generation), (position, block))
        for slot, block in sorted(names)
    ]


def increments(sums: Sums) -> Iterator[FoldWrite]:
    """One write for each field that changes."""
    for key, fields in sums.items():
        for field, change in fields.items():
            if change:
                yield FoldWrite("HINCRBY", key, (field, change))


def block_of(record: Exposure | Reward) -> str:
    """The block of an exposure, or of a reward's exposure: its revision and day (UTC)."""
    return f"{record.revision}:{int(_at(record) // DAY)}"


def _at(record: Exposure | Reward) -> float:
    return record.at if isinstance(record, Exposure) else record.exposed_at


def _add(fields: dict[str, int], field: str, record: Exposure | Reward) -> None:
    if isinstance(record, Exposure):
        fields[f"{field}|t"] += 1
        return
    fields[f"{field}|c"] += record.conversions
    fields[f"{field}|r"] += record.value
    fields[f"{field}|q"] += record.square


def _kept(state: LearnState) -> tuple[str, ...]:
    return WATERMARK, repr(state.watermark), SLOTS, " ".join(sorted(state.slots))
