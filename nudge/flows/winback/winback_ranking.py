"""The ranking of win-back: keeps the order of the cases in the store, new ones within seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.winback.judged_case import is_listed
from nudge.domain.winback.mended_cause import MendedCause
from nudge.flows.winback.winback_desk import WinbackDesk
from nudge.store.folds.case_store import CasePlace
from nudge.store.store import Store

CHUNK = 500
"""Cases that are judged together."""


@dataclass
class WinbackRanking:
    """The ranking of cases by one worker, which has the turn.

    Attributes:
        open_desk: returns the desk as it is now.
    """

    store: Store
    open_desk: Callable[[], WinbackDesk]
    _causes: Mapping[str, MendedCause] | None = None
    _uplift: object = None

    def rank_changed(self) -> int:
        """Rank the cases that changed, and those whose cause was mended; return how many.

        Raises:
            StoreAwayError: no answer.
        """
        desk, ranked = self.open_desk(), 0
        ranked += self._rank_mended(desk)
        for p in self.store.keys.every_partition():
            while names := self.store.winback_order.take_stale(p, CHUNK):
                ranked += self._rank(desk, p, names)
        return ranked

    def rank_all(self) -> Iterator[int]:
        """Rank all cases, and forget places without one; yields after each part how many it had.

        Raises:
            StoreAwayError: no answer.
        """
        for p in self.store.keys.every_partition():
            left = self.store.winback_order.names(p)
            for places in self._open_cases(p):
                names = [one.id for one in places]
                left.difference_update(names)
                yield self._rank(self.open_desk(), p, names)
            rest = sorted(left)
            for start in range(0, len(rest), CHUNK):
                yield self._rank(self.open_desk(), p, rest[start : start + CHUNK])
            self.store.winback_order.sweep(p)

    def has_news(self) -> bool:
        """Return whether another uplift is in force than at the last call."""
        before, self._uplift = self._uplift, self.store.winback.uplift()
        return before != self._uplift

    def _rank_mended(self, desk: WinbackDesk) -> int:
        """Rank those whose cause was mended, or is not any more, since the last call."""
        before, now = self._causes, {one.id: one for one in desk.causes}
        self._causes = now
        if before is None or before == now:
            return 0
        names = before.keys() ^ now.keys()
        changed = [one for name, one in {**before, **now}.items() if name in names]
        ranked = 0
        for p in self.store.keys.every_partition() if changed else ():
            for places in self._open_cases(p):
                cases = self.store.cases.read_many(one.id for one in places).values()
                touched = [x.id for x in cases if any(c.covers(dict(x.facts)) for c in changed)]
                ranked += self._rank(desk, p, touched)
        return ranked

    def _open_cases(self, partition: int) -> Iterator[Sequence[CasePlace]]:
        after: CasePlace | None = None
        ask = partial(self.store.cases.places, partition, kind=CaseKind.WINBACK, closed=False)
        while places := ask(after, CHUNK):
            yield places
            after = places[-1]

    def _rank(self, desk: WinbackDesk, partition: int, names: Sequence[str]) -> int:
        """Write the places of cases; of those that are not listed any more, none."""
        cases = self.store.cases.read_many(names) if names else {}
        judged = desk.judge([case for case in cases.values() if is_listed(case)])
        places = {one.case.id: one.place for one in judged}
        self.store.winback_order.put(partition, {name: places.get(name) for name in names})
        return len(names)
