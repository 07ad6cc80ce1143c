"""Takes the hours of new plans, and writes them: blocks, all or none of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nudge.domain.block import MOST, evenly
from nudge.domain.contact_capacity import Capacity, hour_of
from nudge.domain.plan_answer import Plan
from nudge.flows.plan.case import Case
from nudge.flows.plan.desk import Desk
from nudge.store import capacity as gateways
from nudge.store.client import Client
from nudge.store.keys import Keys
from nudge.store.plans import Kept, append_block


@dataclass(frozen=True)
class Settling:
    """Settles the plans of one desk.

    Attributes:
        client: of the store.
        keys: of the installation.
        desk: where they were drawn.
        kept: makes what is remembered of each.
    """

    client: Client
    keys: Keys
    desk: Desk
    kept: Kept

    def capacity(self, cases: Iterable[Case]) -> Capacity:
        """What is used of the gateways that these customers need, where they have a limit."""
        ways = {(one.wish.purpose, one.wish.channel) for one in cases}
        channels = {way[1] for way in ways if self.desk.table.limit(*way) is not None}
        return Capacity({one: gateways.used(self.client, self.keys, one) for one in channels})

    def short(self, drawn: Iterable[tuple[int, Case]]) -> list[int]:
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
            taken = gateways.reserve(self.client, self.keys, channel, places, self.desk.at)
            short += [i for hour, those in hours.items() for i in those[taken[hour] :]]
        return short

    def appended(self, cases: Mapping[int, Case]) -> list[int]:
        """Write new plans; the numbers of those whose customers were planned for meanwhile."""
        groups: dict[int, list[int]] = defaultdict(list)
        for i, case in cases.items():
            groups[case.opened.partition].append(i)
        behind = [
            i
            for partition, those in groups.items()
            for some in evenly(those, MOST)
            for i in self._written(partition, {i: cases[i] for i in some})
        ]
        self._released([cases[i] for i in behind])
        return behind

    def _written(self, partition: int, cases: dict[int, Case]) -> list[int]:
        """Write a block; without those whose customers were planned for meanwhile."""
        behind: list[int] = []
        while cases:
            numbers, some = list(cases), list(cases.values())
            drawn = [case.drawn for case in some if case.drawn]
            seen = [case.opened.plans for case in some]
            made = append_block(self.client, self.keys, partition, drawn, seen, self.kept)
            for case, one, ref in zip(some, drawn, made.refs, strict=False):
                case.plan = Plan(ref, one, fresh=True)
            if made.refs:
                break
            behind += [numbers[place] for place in made.behind]
            cases = {i: case for i, case in cases.items() if i not in behind}
        return behind

    def _released(self, cases: Iterable[Case]) -> None:
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        for case in cases:
            wish = case.wish
            if case.due and self.desk.table.limit(wish.purpose, wish.channel) is not None:
                counts[wish.channel][hour_of(case.due)] += 1
        for channel, hours in counts.items():
            gateways.release(self.client, self.keys, channel, hours)
