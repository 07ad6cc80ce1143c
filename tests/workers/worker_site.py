"""An installation with a journal to fold, and what must be true when that is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builders import decision

from nudge.domain.journal.records import Decision, Event, Exposure, Record, Reward
from nudge.settings.settings import Settings
from nudge.store.journal.appends import Append
from nudge.store.store import Store

HERE = Path(__file__).parent


def made(subject: str, slot: str = "banner") -> Decision:
    variant = "a" if int(subject, 16) % 2 else "b"
    return decision(subject, slot=slot, variant=variant, unit=slot)


@dataclass
class Site:
    """An installation: its store, its settings and what happened there."""

    store: Store
    settings: Settings

    def visit(self, visitors: range) -> None:
        """Each visitor is given a decision; every third pays 50 yuan."""
        for visitor in visitors:
            subject, p = f"{visitor:032x}", visitor % self.store.keys.partitions
            self.store.journal.append_decisions(p, [made(subject)], 3600.0)
            if visitor % 3 == 0:
                paid = Event(subject, "paid", "paid", "server", fields={"amount": 50})
                self.store.journal.append_once(p, [Append("", paid)], closes=True)

    def records(self) -> list[Record]:
        """The whole journal."""
        every = self.store.keys.every_partition()
        entries = [e for p in every for e in self.store.journal.read(p, 0, 1_000_000)]
        return [entry.record for entry in entries]

    def lag(self, *names: str) -> int:
        """Entries that these folds have not committed yet."""
        lags = self.store.folds.lags()
        return sum(sum(lags[name]) for name in names)

    def check(self, visitors: int) -> None:
        """Each decision has one exposure, each payment one reward, and all are counted once."""
        records = self.records()
        exposures = [r.decision for r in records if isinstance(r, Exposure)]
        rewards = [r for r in records if isinstance(r, Reward)]
        paid = len(range(0, visitors, 3))
        assert len(exposures) == len(set(exposures)) == visitors
        assert len(rewards) == len({r.reward_id for r in rewards}) == paid
        rows = self.store.counts.totals("banner")
        assert sum(row.trials for row in rows) == visitors
        assert sum(row.conversions for row in rows) == paid
        assert sum(row.value for row in rows) == 5000 * paid
        booked = [
            row.tally
            for p in self.store.keys.every_partition()
            for block in self.store.counts.blocks(p, "banner")
            for row in self.store.counts.read_block(p, "banner", block)
        ]
        assert [sum(t) for t in zip(*booked, strict=True)][:3] == [visitors, paid, 5000 * paid]
