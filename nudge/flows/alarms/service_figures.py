"""The reader of the service's own figures: of the store, and of what web processes note in it.

What the store cannot hold is missing: alarms of a store that is not the known one. `/readyz` and
`/metrics` tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from nudge.domain.alarms.drawn_shares import mismatched_slots
from nudge.domain.alarms.service_alarms import FREEZERS, Freeze, ServiceFigures
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.slots.slot import SlotMode
from nudge.flows.alarms.reward_watch import RewardWatch
from nudge.flows.alarms.snapshot_watch import SnapshotWatch
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store

CREDITING: Final = (FoldName.ATTRIBUTE, FoldName.LEARN)
"""Folds behind which rewards are not known yet."""


@dataclass
class ServiceFigureReader:
    """The reader of an installation's figures. Use it from one thread.

    Attributes:
        catalogue: as it was read last.
    """

    store: Store
    catalogue: Catalogue

    @cached_property
    def _snapshots(self) -> SnapshotWatch:
        return SnapshotWatch(self.store)

    @cached_property
    def _rewards(self) -> RewardWatch:
        return RewardWatch(self.store)

    def read(self, now: float) -> ServiceFigures:
        """Return the figures as of now.

        Args:
            now: seconds.

        Raises:
            StoreAwayError: the store does not answer.
        """
        self.catalogue = self.store.catalogue.refresh(self.catalogue)
        slots = self.catalogue.slots
        work = self.store.work_figures.read(())
        frozen = [name for name, one in slots.items() if one.slot.mode == SlotMode.FROZEN]
        processes = self.store.process_notes.read()
        behind = max(work.folds[name].seconds for name in CREDITING)
        # While many visitors are planned for, folds rest on purpose.
        lags = {} if work.planning else {name: one.seconds for name, one in work.folds.items()}
        waiting = self._snapshots.look(self.catalogue, processes, now)
        return ServiceFigures(
            fold_lags=lags,
            store_memory=self.store.memory.level().ratio,
            spool_used=max((one.spool_used for one in processes.values()), default=0.0),
            waiting_news={} if work.planning else waiting,
            failing=dict(self.catalogue.failing),
            frozen={name: self._freeze(name) for name in frozen},
            mismatched=self._mismatched(now),
            rewards=self._rewards.look([one.slot for one in slots.values()], now, behind),
        )

    def _mismatched(self, now: float) -> frozenset[str]:
        """Return the slots whose shares are wrong: this week's sums, or the last one's."""
        each = self.store.minute_counts.shares(now)
        return mismatched_slots(each[0]) | mismatched_slots(each[1])

    def _freeze(self, slot: str) -> Freeze:
        """Return who froze a slot: the author of the last change of its mode."""
        audits = self.store.slots.audits(slot)
        changed = (one for one in audits if "mode:" in str(one.get("diff", "")))
        last = next(changed, next(iter(audits), {}))
        who = str(last.get("who", ""))
        return Freeze(who, split_reason(str(last.get("why", ""))) if who in FREEZERS else {})


def split_reason(why: str) -> dict[str, str]:
    """Split the reason of a freeze that the service made: Chinese up to its last full stop."""
    zh, stop, en = why.rpartition("。")
    return {"zh": zh + stop, "en": en.strip()}
