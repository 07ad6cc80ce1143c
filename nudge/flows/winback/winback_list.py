"""The list of win-back: who left the path, in the order in which to call, in pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import merge

from nudge.domain.care.case import Case
from nudge.domain.winback.judged_case import JudgedCase, is_listed, left_at
from nudge.domain.winback.winback_place import WinbackPlace
from nudge.flows.winback.winback_desk import WinbackDesk

MOST_READ = 5_000
"""Places that one page looks through; a filter that finds few has a cursor to go on with."""
_LARGEST = 1_000


@dataclass(frozen=True)
class WinbackQuestion:
    """A question for cases of win-back; what is empty does not matter.

    Attributes:
        stage: at which the visitor left.
        reason: of the failed payment.
        channel: of the visit.
        state: of a `CaseState`.
        assignee: person to whom the case was assigned last.
        mended: only cases whose cause was mended, or only others; None for both.
        start: seconds; who left then or later.
        end: seconds; who left before.
        blocked: also cases whose visitor may not be contacted.
        limit: most cases of a page.
        after: the place behind which the page begins; None for the first page.
    """

    stage: str = ""
    reason: str = ""
    channel: str = ""
    state: str = ""
    assignee: str = ""
    mended: bool | None = None
    start: float = -math.inf
    end: float = math.inf
    blocked: bool = False
    limit: int = 100
    after: WinbackPlace | None = None

    def wants_place(self, place: WinbackPlace) -> bool:
        """Return whether a place may be asked for: by what stands in it and never changes."""
        pairs = (
            (self.stage, place.stage),
            (self.reason, place.reason),
            (self.channel, place.channel),
        )
        return all(asked in ("", found) for asked, found in pairs)

    def wants_case(self, case: Case) -> bool:
        """Return whether a case is asked for, wherever it is listed."""
        pairs = (
            (self.stage, case.fact("stage")),
            (self.reason, case.fact("reason")),
            (self.channel, case.fact("channel")),
            (self.state, case.state.value),
            (self.assignee, case.assignee),
        )
        within = self.start <= left_at(case) < self.end
        return within and all(asked in ("", found) for asked, found in pairs)

    def wants(self, judged: JudgedCase) -> bool:
        """Return whether a case is asked for as it stands now."""
        if judged.is_blocked and not self.blocked:
            return False
        return self.mended in (None, judged.mended is not None)


@dataclass(frozen=True)
class WinbackPage:
    """A page of the list.

    Attributes:
        cases: in the order in which to call.
        after: the place behind which the next page begins; None where there is none.
    """

    cases: Sequence[JudgedCase]
    after: WinbackPlace | None = None


def list_winback(desk: WinbackDesk, question: WinbackQuestion) -> WinbackPage:
    """Return a page of the cases that are open; it costs what it shows, and not all cases.

    The order is a worker's, of some seconds ago. Whether a visitor may be contacted is asked now:
    nobody is listed whom the contact policy forbids.

    Raises:
        StoreAwayError: no answer.
    """
    found: list[JudgedCase] = []
    after, read, size = question.after, 0, min(question.limit + 20, _LARGEST)
    while read < MOST_READ:
        places = _next_places(desk, after, size)
        taken = [one for one in places if question.blocked or not one.blocked]
        wanted = (one for one in taken if question.wants_place(one))
        for place, judged in _judged(desk, wanted, question.wants_case):
            if question.wants(judged):
                found.append(judged)
                if len(found) == question.limit:
                    return WinbackPage(found, place)
        if len(places) < size or len(taken) < len(places):
            return WinbackPage(found)
        after, read, size = places[-1], read + len(places), min(2 * size, _LARGEST)
    return WinbackPage(found, after)


def _next_places(desk: WinbackDesk, after: WinbackPlace | None, size: int) -> list[WinbackPlace]:
    """Return the next places of all partitions, of each case one."""
    parts = desk.store.winback_order.first(after, size)
    return list(merge(*parts))[:size]


def _judged(
    desk: WinbackDesk, places: Iterable[WinbackPlace], wants: Callable[[Case], bool]
) -> list[tuple[WinbackPlace, JudgedCase]]:
    by_id = {one.id: one for one in places}
    cases = desk.store.cases.read_many(by_id) if by_id else {}
    listed = [case for case in cases.values() if is_listed(case) and wants(case)]
    return [(by_id[one.case.id], one) for one in desk.judge(listed)]
