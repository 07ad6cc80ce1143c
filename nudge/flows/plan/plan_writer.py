"""Takes the hours of new plans, and writes them: blocks, all or none of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nudge.domain.contact.contact_capacity import Capacity, hour_of
from nudge.domain.journal.block import MOST, evenly
from nudge.domain.timing.plan_answer import StandingPlan
from nudge.flows.plan.candidate import Candidate
from nudge.flows.plan.planning_round import PlanningRound
from nudge.store.plans.plans import PlanMemory, PlannedBlock
from nudge.store.store import Store


@dataclass(frozen=True)
class PlanWriter:
    """Settles the plans of one desk.

    Attributes:
        store: of the installation.
        desk: where they were drawn.
        kept: makes what is remembered of each.
    """

    store: Store
    desk: PlanningRound
    kept: PlanMemory

    def capacity(self, cases: Iterable[Candidate]) -> Capacity:
        """What is used of the gateways that these customers need, where they have a limit."""
        ways = {(one.wish.purpose, one.wish.channel) for one in cases}
        channels = {way[1] for way in ways if self.desk.table.limit(*way) is not None}
        return Capacity({one: self.store.capacity.used(one) for one in channels})

    def short(self, drawn: Iterable[tuple[int, Candidate]]) -> list[int]:
        """Take the hours of new plans; the numbers of those that others were faster to fill."""
        wanted: dict[tuple[str, int], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for i, case in drawn:
            way = case.wish.purpose, case.wish.channel
            most = self.desk.table.limit(*way)
            if most is not None and case.due is not None:
                wanted[case.wish.channel, most][hour_of(case.due)].append(i)
        short: list[int] = []
        for (channel, most), hours in wanted.items():
            places = {hour: (most, len(those)) for hour, those in hours.items()}
            taken = self.store.capacity.reserve(channel, places, self.desk.at)
            short += [i for hour, those in hours.items() for i in those[taken[hour] :]]
        return short

    def appended(self, cases: Mapping[int, Candidate]) -> list[int]:
        """Write new plans; the numbers of those whose customers were planned for meanwhile."""
        groups: dict[int, list[int]] = defaultdict(list)
        for i, case in cases.items():
            groups[case.opened.partition].append(i)
        parts = [some for those in groups.values() for some in evenly(those, MOST)]
        behind: list[int] = []
        while parts:
            parts = self._written(cases, parts, behind)
        self._released([cases[i] for i in behind])
        return behind

    def _written(
        self, cases: Mapping[int, Candidate], parts: Sequence[Sequence[int]], behind: list[int]
    ) -> list[Sequence[int]]:
        """Write blocks; those that were not, without whose customers were planned for meanwhile.

        Args:
            cases: by number.
            parts: numbers of a partition's cases, for each block.
            behind: here go the numbers of those who were planned for.
        """
        again: list[Sequence[int]] = []
        blocks = [self._block([cases[i] for i in part]) for part in parts]
        written = self.store.plans.append_each(blocks, self.kept)
        for part, block, made in zip(parts, blocks, written, strict=True):
            for i, one, ref in zip(part, block.drawn, made.refs, strict=False):
                cases[i].plan = StandingPlan(ref, one, fresh=True)
            if not made.refs:
                lost = set(made.behind)
                behind += [part[place] for place in made.behind]
                again.append([i for place, i in enumerate(part) if place not in lost])
        return [part for part in again if part]

    def _block(self, some: Sequence[Candidate]) -> PlannedBlock:
        drawn = [case.drawn for case in some if case.drawn]
        return PlannedBlock(some[0].opened.partition, drawn, [case.opened.plans for case in some])

    def _released(self, cases: Iterable[Candidate]) -> None:
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        for case in cases:
            wish = case.wish
            if case.due and self.desk.table.limit(wish.purpose, wish.channel) is not None:
                counts[wish.channel][hour_of(case.due)] += 1
        for channel, hours in counts.items():
            self.store.capacity.release(channel, hours)
