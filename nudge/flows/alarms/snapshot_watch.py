"""The watch on snapshots: news that no policy has learned, and policies that no page is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from nudge.domain.alarms.process_figures import ProcessFigures
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.slots.slot import SlotMode
from nudge.store.folds.counts_copy import LearnMark, read_marks
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store


@dataclass
class SnapshotWatch:
    """The watch on the snapshots of all slots. Use it from one thread.

    Attributes:
        since: (process, slot, version) -> when it was first seen to be behind; the publisher is the
            process without a name.
    """

    store: Store
    since: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def look(
        self, catalogue: Catalogue, processes: Mapping[str, ProcessFigures], now: float
    ) -> dict[str, float]:
        """Return the seconds for which the news of each slot has waited.

        Raises:
            StoreAwayError: the store does not answer.
        """
        slots, held = catalogue.slots, self.store.policy_holds.current()
        # What cannot be published has an alarm of its own; frozen and held ones rest on purpose.
        resting = {n for n, one in slots.items() if one.slot.mode == SlotMode.FROZEN}
        resting |= held.keys() | catalogue.failing.keys()
        marks = read_marks(self.store.counts)
        behind = {
            ("", name, one.policy.version)
            for name, one in slots.items()
            if name not in resting and self._has_news(name, one, marks)
        }
        behind |= {
            (process, name, served)
            for process, figures in processes.items()
            for name, served in figures.served.items()
            if name in slots and served != slots[name].policy.version
        }
        self.since = {one: self.since.get(one, now) for one in behind}
        waits = dict.fromkeys(slots, 0.0)
        for (_, name, _), first in self.since.items():
            waits[name] = max(waits[name], now - first)
        return waits

    def _has_news(self, name: str, served: LiveSlot, marks: Sequence[LearnMark]) -> bool:
        """Return True where blocks of counts changed behind what the policy has learned."""
        learned = cast("list[int]", served.policy.meta.get("positions", [0] * len(marks)))
        return any(
            mark.position > since
            and self.store.counts.blocks_changed(p, name, since, mark.generation)
            for p, (mark, since) in enumerate(zip(marks, learned, strict=False))
        )
