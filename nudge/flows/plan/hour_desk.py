"""The hours of new plans: taken before the plans are written, given back for those that are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nudge.domain.contact.contact_capacity import Capacity, hour_of
from nudge.flows.plan.candidate import Candidate, PlanDraft
from nudge.flows.plan.minute_table import MinuteTable
from nudge.store.store import Store


@dataclass(frozen=True)
class HourDesk:
    """The desk where the gateways' hours are taken and given back.

    Attributes:
        table: knows the limits.
        at: seconds, now.
    """

    store: Store
    table: MinuteTable
    at: float

    def read_capacity(self, candidates: Iterable[Candidate]) -> Capacity:
        """Return what is used of the gateways that candidates need, where they have a limit."""
        ways = {(one.wish.purpose, one.wish.channel) for one in candidates}
        channels = {way[1] for way in ways if self.table.find_limit(*way) is not None}
        return Capacity({one: self.store.capacity.used(one) for one in channels})

    def reserve(self, drafts: Mapping[int, PlanDraft]) -> list[int]:
        """Take the hours of new plans; return the numbers for which none was left.

        First come, first served: by the order of the drafts.
        """
        short: list[int] = []
        for (channel, most), hours in self._group_by_hour(drafts).items():
            places = {hour: (most, len(those)) for hour, those in hours.items()}
            taken = self.store.capacity.reserve(channel, places, self.at)
            short += [i for hour, those in hours.items() for i in those[taken[hour] :]]
        return short

    def release(self, drafts: Iterable[PlanDraft]) -> None:
        """Give the hours of plans back that were not written."""
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        for draft in drafts:
            wish, due = draft.candidate.wish, draft.due
            if due and self.table.find_limit(wish.purpose, wish.channel) is not None:
                counts[wish.channel][hour_of(due)] += 1
        for channel, hours in counts.items():
            self.store.capacity.release(channel, hours)

    def _group_by_hour(
        self, drafts: Mapping[int, PlanDraft]
    ) -> dict[tuple[str, int], dict[int, list[int]]]:
        """Return (channel, limit) -> hour -> numbers of drafts; without those of no limit."""
        found: dict[tuple[str, int], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for i, draft in drafts.items():
            wish = draft.candidate.wish
            most = self.table.find_limit(wish.purpose, wish.channel)
            if most is not None and (due := draft.due) is not None:
                found[wish.channel, most][hour_of(due)].append(i)
        return found
