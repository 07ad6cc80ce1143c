"""An installation with a journal to fold, and what must be true when that is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nudge.domain.journal.records import Decision, Event, Exposure, Record, Reward
from nudge.domain.slots.slot import RewardTerms
from nudge.settings.settings import Settings
from nudge.store.folds import counts, folds
from nudge.store.journal.journal import Append, append_decisions, append_once, read
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

HERE = Path(__file__).parent


def made(subject: str, slot: str = "banner") -> Decision:
    return Decision(
        subject=subject,
        slot=slot,
        revision=1,
        channel="web",
        page="home",
        context={},
        cell="-",
        eligible=("a", "b"),
        removed={},
        pmf=(0.5, 0.5),
        u=0,
        variant="a" if int(subject, 16) % 2 else "b",
        propensity=0.5,
        reason="policy",
        policy="beta",
        policy_version=1,
        terms=RewardTerms("decision", "paid", "conversion", 86_400.0),
        unit=slot,
        period=0,
    )


@dataclass
class Site:
    """An installation: its store, its settings and what happened there."""

    client: Client
    settings: Settings
    keys: Keys

    def visit(self, visitors: range) -> None:
        """Each visitor is given a decision; every third pays 50 yuan."""
        for visitor in visitors:
            subject, p = f"{visitor:032x}", visitor % self.keys.partitions
            append_decisions(self.client, self.keys, p, [made(subject)], 3600.0)
            if visitor % 3 == 0:
                paid = Event(subject, "paid", "paid", "server", fields={"amount": 50})
                append_once(self.client, self.keys, p, [Append("", paid)], closes=True)

    def records(self) -> list[Record]:
        """The whole journal."""
        every = self.keys.every_partition()
        entries = [e for p in every for e in read(self.client, self.keys, p, 0, 1_000_000)]
        return [entry.record for entry in entries]

    def lag(self, *names: str) -> int:
        """Entries that these folds have not committed yet."""
        lags = folds.lags(self.client, self.keys)
        return sum(sum(lags[name]) for name in names)

    def check(self, visitors: int) -> None:
        """Each decision has one exposure, each payment one reward, and all are counted once."""
        records = self.records()
        exposures = [r.decision for r in records if isinstance(r, Exposure)]
        rewards = [r for r in records if isinstance(r, Reward)]
        paid = len(range(0, visitors, 3))
        assert len(exposures) == len(set(exposures)) == visitors
        assert len(rewards) == len({r.reward_id for r in rewards}) == paid
        rows = counts.totals(self.client, self.keys, "banner")
        assert sum(row.trials for row in rows) == visitors
        assert sum(row.conversions for row in rows) == paid
        assert sum(row.value for row in rows) == 5000 * paid
        booked = [
            row.tally
            for p in self.keys.every_partition()
            for block in counts.blocks(self.client, self.keys, p, "banner")
            for row in counts.read_block(self.client, self.keys, p, "banner", block)
        ]
        assert [sum(t) for t in zip(*booked, strict=True)][:3] == [visitors, paid, 5000 * paid]
