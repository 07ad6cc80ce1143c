"""Background of many cases at a time: the visitors' segments, and who had their last cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nudge.domain.care.case import Case
from nudge.domain.journal.fold_name import FoldName
from nudge.store.store import Store


@dataclass(frozen=True)
class CaseBackground:
    """The background of cases, read for a partition at a time."""

    store: Store

    def segments(self, cases: Sequence[Case]) -> dict[str, dict[str, str]]:
        """Return the segments of each case's visitor: id of the case -> kind -> name.

        Raises:
            StoreAwayError: no answer.
        """
        found: dict[str, dict[str, str]] = {}
        for p, mine in _by_partition(cases).items():
            generation = self.store.folds.generation_of(p, FoldName.SEGMENT)
            members = self.store.members.read_each(p, [one.subject for one in mine], generation)
            for case in mine:
                groups = members[case.subject].groups
                found[case.id] = {one.kind: one.segment for one in groups}
        return found

    def portfolio(self, cases: Sequence[Case]) -> dict[str, str]:
        """Return who had the last case of each case's visitor: id of the case -> name.

        A visitor is known by all ids that turned out to be one person. Who never had a case that
        was assigned is missing.

        Raises:
            StoreAwayError: no answer.
        """
        found: dict[str, str] = {}
        for p, mine in _by_partition(cases).items():
            generation = self.store.folds.generation_of(p, FoldName.CARE)
            watches = self.store.watches.read_each(p, [one.subject for one in mine], generation)
            past = {case.id: [one.case for one in watches[case.subject].past] for case in mine}
            names = dict.fromkeys(name for each in past.values() for name in each)
            known = self.store.cases.read_many(names)
            for case in mine:
                others = [known[name] for name in past[case.id] if name in known]
                had = _last_assignee([one for one in others if one.id != case.id])
                if had:
                    found[case.id] = had
        return found


def _last_assignee(cases: Sequence[Case]) -> str:
    """Return to whom a visitor's cases were assigned last; empty for nobody."""
    assigned = [(step.at, step.to) for case in cases for step in case.steps if step.to]
    return max(assigned, default=(0.0, ""))[1]


def _by_partition(cases: Sequence[Case]) -> dict[int, list[Case]]:
    found: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        found[case.partition].append(case)
    return found
