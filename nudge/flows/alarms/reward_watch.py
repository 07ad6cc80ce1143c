"""The watch on rewards: reads a slot's newest counts, and judges each bucket once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from bandits.buckets import FINE
from bandits.units import DAY, HOUR
from nudge.domain.alarms.reward_runs import Buckets, RunState, advance_run, judged_until
from nudge.domain.alarms.service_alarms import RewardRun
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.slots.slot import Slot, SlotMode
from nudge.store.folds.count_codec import split_block
from nudge.store.store import Store

FURTHEST: Final = HOUR
"""Seconds that are looked back at most: an older bucket has had more time to be rewarded."""


@dataclass
class RewardWatch:
    """The watch on the rewards of all slots. Use it from one thread.

    Attributes:
        states: slot -> state, as it was read or written last; None before the first look.
    """

    store: Store
    states: dict[str, RunState] | None = None

    def look(self, slots: Iterable[Slot], now: float, lag: float) -> dict[str, RewardRun]:
        """Judge the buckets that are old enough; return the run of each slot that learns.

        Args:
            slots: of the installation.
            now: seconds.
            lag: seconds by which the folds are behind.

        Raises:
            StoreAwayError: the store does not answer; the next look goes on.
        """
        if self.states is None:
            self.states = self.store.reward_runs.read()
        live = {one.name: one for one in slots if one.mode == SlotMode.LIVE}
        for gone in sorted(self.states.keys() - live.keys()):
            self.store.reward_runs.drop(gone)
            del self.states[gone]
        for name, slot in live.items():
            until = judged_until(now, slot.terms.window, lag)
            before = self.states.setdefault(name, RunState(until))
            if until > before.until:
                self.states[name] = self._judged(name, before, until)
        return {name: self.states[name].told for name in live}

    def _judged(self, slot: str, before: RunState, until: int) -> RunState:
        if before.until < until - FURTHEST:
            before = replace(before, until=until - FURTHEST, run=0)
        after = advance_run(before, self._buckets(slot, before.until, until), until)
        self.store.reward_runs.put(slot, after)
        return after

    def _buckets(self, slot: str, since: int, until: int) -> Buckets:
        """Read the buckets of a span: only blocks of its days."""
        sums: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        counts, days = self.store.counts, range(since // DAY, (until - FINE) // DAY + 1)
        for p in self.store.keys.every_partition():
            generation = self.store.folds.generation_of(p, FoldName.LEARN)
            for block in counts.blocks(p, slot, generation):
                if split_block(block)[1] not in days:
                    continue
                for row in counts.read_block(p, slot, block, generation):
                    sums[row.bucket][0] += row.tally[0]
                    sums[row.bucket][1] += row.tally[1]
        return {start: (one[0], one[1]) for start, one in sums.items() if since <= start < until}
