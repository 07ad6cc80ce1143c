"""Minute counts in the store, and the traces of visits that they are counted from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.alarms.drawn_shares import WEEK
from nudge.domain.alarms.visit_trace import KEEP
from nudge.domain.journal.fold_name import FoldName
from nudge.store.folds.folds import Folds, FoldWrite
from nudge.store.wire.client import Client, pairs_of
from nudge.store.wire.keys import Keys

_MILLI: Final = 1000


@dataclass(frozen=True)
class CountFront:
    """The place up to which a partition is counted.

    Attributes:
        at: seconds; every record that is still to be counted comes into this minute or later.
        generation: of the counts.
    """

    at: float
    generation: int


@dataclass(frozen=True)
class MinuteCountStore:
    """The minute counts of an installation, and the traces of visits.

    `add`, `drop` and `put` are the one writer: the fold and a rebuild both commit what they give.
    """

    client: Client
    keys: Keys

    def front(self, partition: int) -> CountFront:
        """Return the place up to which a partition is counted, by the journal's time.

        Where everything is counted, it is the store's time: whatever comes is stamped later.
        """
        named = [self.keys.fold(partition, FoldName.MONITOR), self.keys.seq(partition)]
        at, generation = self.client.run("count_front", named, [])
        return CountFront(float(at), int(generation))

    def read(self, partition: int, minute: int, generation: int = 0) -> dict[str, int]:
        """Read the counts of a minute: field -> number."""
        found = self.client.read_hash(self.keys.minutes(partition, minute, generation))
        return {name.decode(): int(value) for name, value in found.items()}

    def read_each(self, minute: int, generations: Sequence[int]) -> Counter[str]:
        """Add up the counts of a minute over all partitions, in one round trip: field -> number.

        Args:
            minute: since the epoch.
            generations: of the counts, by partition.
        """
        names = (self.keys.minutes(p, minute, of) for p, of in enumerate(generations))
        sums = Counter[str]()
        for reply in self.client.call_each([("HGETALL", name) for name in names]):
            sums.update({name.decode(): int(n) for name, n in pairs_of(reply).items()})
        return sums

    def traces(
        self, partition: int, subjects: Sequence[str], generation: int = 0
    ) -> dict[str, bytes | None]:
        """Read the traces of subjects, undecoded; None where there is none."""
        names = [self.keys.trace(partition, subject, generation) for subject in subjects]
        blobs = self.client.call("MGET", *names) if names else []
        return dict(zip(subjects, blobs, strict=True))

    def add(
        self, partition: int, counts: Mapping[int, Counter[str]], generation: int = 0
    ) -> Iterator[FoldWrite]:
        """Yield the writes that add counts: minute -> field -> number."""
        for minute, fields in counts.items():
            key = self.keys.minutes(partition, minute, generation)
            for name, number in fields.items():
                yield FoldWrite("HINCRBY", key, (name, number))

    def shares(self, at: float) -> tuple[dict[str, int], dict[str, int]]:
        """Return the sums of drawn shares of the week of a moment, and of the week before."""
        folds, week = Folds(self.client, self.keys), int(at // WEEK)
        found = (Counter[str](), Counter[str]())
        for p in self.keys.every_partition():
            generation = folds.generation_of(p, FoldName.MONITOR)
            for back, sums in enumerate(found):
                rows = self.client.read_hash(self.keys.shares(p, week - back, generation))
                sums.update({name.decode(): int(value) for name, value in rows.items()})
        return found

    def add_shares(
        self, partition: int, shares: Mapping[int, Counter[str]], generation: int = 0
    ) -> Iterator[FoldWrite]:
        """Yield the writes that add drawn shares: week -> field -> millionths."""
        for week, fields in shares.items():
            key = self.keys.shares(partition, week, generation)
            for name, number in fields.items():
                if number:
                    yield FoldWrite("HINCRBY", key, (name, number))
            yield FoldWrite("PEXPIRE", key, (3 * WEEK * _MILLI,))

    def drop(
        self, partition: int, minutes: Iterable[int], generation: int = 0
    ) -> Iterator[FoldWrite]:
        """Yield the writes that forget minutes."""
        for minute in minutes:
            yield FoldWrite("DEL", self.keys.minutes(partition, minute, generation))

    def put(self, partition: int, subject: str, trace: bytes, generation: int = 0) -> FoldWrite:
        """Return the write of a trace, encoded, which expires when nobody needs it any more."""
        key = self.keys.trace(partition, subject, generation)
        return FoldWrite("SET", key, (trace, "PX", int(KEEP * _MILLI)))
