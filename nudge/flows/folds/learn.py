"""Learn: from exposures and rewards to counts in buckets of time, and totals.

A fold. Only decisions for the reason `policy` teach, and counts of imported logs; the totals hold
every reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bandits.buckets import FINE_FOR, HOURS_FOR
from bandits.units import DAY, HOUR
from nudge.domain.credit.booking import book, widen_buckets
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import JournalEntry
from nudge.store.folds.folds import GENERATION, Commit, FoldWrite
from nudge.store.store import Store

WATERMARK: Final = "watermark"
SLOTS: Final = "slots"


@dataclass(frozen=True)
class LearnState:
    """The state of the fold `learn` in one partition.

    Attributes:
        watermark: seconds.
        slots: that have counts.
        generation: of the state.
    """

    watermark: float
    slots: frozenset[str]
    generation: int = 0


@dataclass(frozen=True)
class LearnFold:
    """The fold `learn`: counts exposures and rewards in buckets of time.

    Attributes:
        batch: most entries of one commit.
        name: in its keys; another one while a new generation is built.
    """

    store: Store
    batch: int = 2000
    name: str = FoldName.LEARN

    def prepare(self, partition: int) -> LearnState:
        """Read the watermark and the slots as of the committed position."""
        names = (WATERMARK, SLOTS, GENERATION)
        mark, slots, number = self.store.folds.read_fields(partition, self.name, *names)
        return LearnState(float(mark or 0.0), frozenset((slots or "").split()), int(number or 0))

    def handle(
        self, partition: int, state: LearnState, entries: Sequence[JournalEntry]
    ) -> tuple[LearnState, Commit]:
        """Return the state behind a batch, and the commit that it makes.

        Args:
            partition: of the journal.
            state: before the batch.
            entries: in order, at least one.
        """
        watermark = max(state.watermark, *(entry.stamp for entry in entries))
        position = entries[-1].position
        booked = book(entries)
        slots = state.slots.union(key.slot for key in booked)
        after = LearnState(watermark, slots, state.generation)
        due = widen_buckets(booked, watermark)
        writes = [
            *self._widened(partition, state, watermark, position),
            *self.store.counts.add(partition, state.generation, due, position),
            self.store.folds.put_fields(partition, self.name, _fold_fields(after)),
        ]
        return after, Commit(position, (), writes)

    def _widened(
        self, partition: int, state: LearnState, watermark: float, position: int
    ) -> Iterator[FoldWrite]:
        """Move counts to wider buckets where the watermark has crossed an hour."""
        days = crossed_days(state.watermark, watermark)
        for slot in sorted(state.slots) if days else ():
            yield from self.store.counts.widen(
                partition, slot, days, watermark, position, state.generation
            )


def crossed_days(before: float, after: float) -> frozenset[int]:
    """Return the days (since the epoch) whose buckets widen when the watermark moves on.

    Args:
        before: watermark in seconds; 0 where nothing was counted yet.
        after: the new watermark.
    """
    if before <= 0 or int(before // HOUR) == int(after // HOUR):
        return frozenset()
    spans = [((before - age) // DAY, (after - age) // DAY) for age in (FINE_FOR, HOURS_FOR)]
    return frozenset(day for first, last in spans for day in range(int(first) - 1, int(last) + 1))


def _fold_fields(state: LearnState) -> dict[str, str]:
    return {WATERMARK: repr(state.watermark), SLOTS: " ".join(sorted(state.slots))}
