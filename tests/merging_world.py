"""A world of partitions with the fold `attribute` on each: visitors who turn out to be others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from builders import decision

from nudge.domain.credit.attribution_replay import fold, is_attributed
from nudge.domain.journal.records import Event, Exposure, JournalEntry, Record, Ref, Reward
from nudge.domain.people.merging import LEFT, arriving
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import RewardTerms

AT = 1_790_000_000.0
TERMS = {
    "banner": RewardTerms("decision", "paid", "conversion", 86_400.0),
    "denomination": RewardTerms("decision", "paid", "revenue", 3 * 86_400.0),
    "prefill": RewardTerms("shown", "clicked", "conversion", 86_400.0),
}
Action = tuple[str, int, int]
"""The act, how many minutes after the beginning, and a choice among its kinds."""


def record(subject: str, name: str, action: Action) -> Record:
    """The record that an action leaves."""
    kind, minute, choice = action
    at = AT + 60 * minute
    if kind == "decision":
        slot = list(TERMS)[choice % 3]
        return decision(subject, slot=slot, unit=slot, policy="auto", terms=TERMS[slot], at=at)
    fields: dict[str, dict[str, str | int | bool]] = {
        "paid": {"amount": 10 * (choice + 1), "number": f"n{choice % 2}"},
        "number": {"step": "number", "number": f"n{choice % 2}", "device": f"d{choice % 3}"},
        "failed": {"reason": ("soft", "card_expired", "odd")[choice % 3], "method": "card"},
        "contacted": {"channel": "call", "purpose": "promotion"},
        "consent": {"channel": ("sms", "call")[choice % 2], "given": choice > 2},
        "loaded": {"city": f"c{choice}", "city_tier": choice},
    }
    types = {"number": "step", "failed": "payment_failed"}
    return Event(subject, name, types.get(kind, kind), "server", fields=fields[kind], at=at)


@dataclass
class World:
    """Partitions with one journal each, and the fold `attribute` on each of them."""

    journals: dict[int, list[JournalEntry]] = field(default_factory=lambda: defaultdict(list))
    visitors: dict[int, dict[str, VisitorState]] = field(default_factory=lambda: defaultdict(dict))
    done: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    into: dict[str, tuple[str, int]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    now: float = AT + 10 * 3600.0

    def append(self, partition: int, said: Record) -> None:
        """As the scripts do: whoever turned out to be another one is written there."""
        self.now += 0.001
        subject = said.subject
        while subject in self.into:
            subject, partition = self.into[subject]
        journal = self.journals[partition]
        journal.append(
            JournalEntry(partition, len(journal) + 1, self.now, replace(said, subject=subject))
        )

    def link(self, one: tuple[str, int], other: tuple[str, int]) -> None:
        """As `identified` does: the larger subject leaves for the smaller."""
        one, other = self.root(one), self.root(other)
        if one == other:
            return
        stays, leaves = sorted((one, other))
        fields = {"into": stays[0], "partition": stays[1]}
        self.append(
            leaves[1], Event(leaves[0], f"i{self.now}", "identified", "server", None, fields)
        )
        self.into[leaves[0]] = stays

    def root(self, one: tuple[str, int]) -> tuple[str, int]:
        """Whom a subject turned out to be."""
        while one[0] in self.into:
            one = self.into[one[0]]
        return one

    def run(self) -> None:
        """Fold until nothing is left to read."""
        while any(len(self.journals[p]) > self.done[p] for p in list(self.journals)):
            for p in list(self.journals):
                self._batch(p)

    def _batch(self, p: int) -> None:
        batch = self.journals[p][self.done[p] :]
        self.done[p] += len(batch)
        known = self.visitors[p]
        for entry in batch:
            if is_attributed(entry):
                known.setdefault(entry.record.subject, VisitorState())
        mark = max((x.watermark for x in known.values()), default=0.0)
        states, records = fold(known, mark, batch)
        known |= states
        for one in records:
            self.append_here(p, one)
        for entry in batch:
            if isinstance(entry.record, Event) and entry.record.type == LEFT:
                to, event = arriving(entry, entry.record)
                if event.event_id not in self.seen:
                    self.seen.add(event.event_id)
                    self.append(to, event)

    def append_here(self, p: int, said: Record) -> None:
        """As a commit does."""
        self.now += 0.001
        self.journals[p].append(JournalEntry(p, len(self.journals[p]) + 1, self.now, said))

    def exposures(self) -> list[Exposure]:
        """All that began, each once."""
        found = [e.record for j in self.journals.values() for e in j]
        exposures = [one for one in found if isinstance(one, Exposure)]
        assert len({one.decision for one in exposures}) == len(exposures)
        return exposures

    def rewards(self) -> dict[Ref, tuple[int, int]]:
        """Exposure -> the sum of its rewards, whoever wrote them."""
        sums: dict[Ref, tuple[int, int]] = {}
        for journal in self.journals.values():
            for one in (entry.record for entry in journal):
                if isinstance(one, Reward):
                    conversions, value = sums.get(one.decision, (0, 0))
                    sums[one.decision] = conversions + one.conversions, value + one.value
        return {ref: found for ref, found in sums.items() if found != (0, 0)}


def lived(histories: Sequence[Sequence[Action]]) -> tuple[World, list[tuple[str, int]]]:
    """A world in which each visitor has its history, each in a partition of its own."""
    world = World()
    ids = [(f"{9 - number:x}" * 32, number) for number in range(len(histories))]
    for (subject, partition), history in zip(ids, histories, strict=True):
        for number, action in enumerate(history):
            world.append(partition, record(subject, f"{partition}-{number}", action))
    return world, ids
