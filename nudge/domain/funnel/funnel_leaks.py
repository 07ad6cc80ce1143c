"""Leaks of the funnel, ranked by cost: by stage, by reason, and by both in each group.

A leak's excess is its loss beyond the usual: beyond the earlier period where one is compared with,
otherwise beyond the other groups. Its cost is the number of payments that the excess would have
made, had it gone on as others do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bandits.inference.interval import Estimate, difference
from nudge.domain.funnel.funnel_counts import FunnelCounts, LeakCount, StageCount, VisitShare, total

Verdict = Literal["better", "worse", "unclear"]
Place = tuple[str, int, str]
"""Group, stage and reason."""
RANKED: Final = 20
"""Most leaks that are reported."""


@dataclass(frozen=True)
class Leak:
    """A leak and its cost.

    Attributes:
        count: visits lost here.
        usual: the usual share at this place; None with nothing to compare with.
        excess: its rate minus the usual one, with its interval.
        payments: approximate cost of the excess; not below 0.
    """

    count: LeakCount
    usual: VisitShare | None
    excess: Estimate | None
    payments: float

    @property
    def verdict(self) -> Verdict:
        """The verdict on the leak: more lost than usual, less, or unclear."""
        return "unclear" if self.excess is None else _lost(self.excess)


def change(now: VisitShare, before: VisitShare) -> Estimate | None:
    """Return the difference of two rates with its interval; None where one has no visits.

    The two are taken as independent: a subject in both makes the interval too wide.
    """
    first, second = now.estimate(), before.estimate()
    return None if first is None or second is None else difference(first, second)


def verdict(lost: Estimate | None) -> Verdict:
    """Return the verdict on a difference of two shares of lost visits."""
    return "unclear" if lost is None else _lost(lost)


def _lost(excess: Estimate) -> Verdict:
    if excess.low > 0:
        return "worse"
    return "better" if excess.high < 0 else "unclear"


def by_stage(counts: FunnelCounts) -> dict[int, VisitShare]:
    """Return the share of visits lost at each stage, over all groups."""
    return {one.stage: one.lost for one in counts.overall}


def by_reason(counts: FunnelCounts) -> dict[str, int]:
    """Return the visits lost for each reason ("" for none), over all groups and stages."""
    found: dict[str, int] = {}
    for one in counts.leaks:
        found[one.reason] = found.get(one.reason, 0) + one.lost.hits
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def rank_leaks(now: FunnelCounts, before: FunnelCounts | None) -> list[Leak]:
    """Rank all leaks: certain ones before uncertain ones, then the costliest first."""
    usual = _usual_of(now, before)
    onward = _onward(before or now)
    leaks = [_leak(one, usual, onward) for one in now.leaks]
    return sorted(leaks, key=_order)[:RANKED]


def _order(leak: Leak) -> tuple[bool, float, int, Place]:
    one = leak.count
    sure = leak.excess is None or leak.verdict == "worse"
    return not sure, -leak.payments, -one.lost.hits, (one.group, one.stage, one.reason)


def _leak(one: LeakCount, usual: Mapping[Place, VisitShare], onward: Mapping[int, float]) -> Leak:
    compared = usual.get((one.group, one.stage, one.reason))
    excess = None if compared is None else change(one.lost, compared)
    rate = one.lost.rate if excess is None else excess.value
    payments = (rate or 0.0) * one.lost.visits * onward.get(one.stage, 0.0)
    return Leak(one, compared, excess, max(0.0, payments))


def _usual_of(now: FunnelCounts, before: FunnelCounts | None) -> dict[Place, VisitShare]:
    if before is not None:
        return {(p.group, p.stage, p.reason): p.lost for p in _filled(before, now.leaks)}
    groups = {one.group for one in now.stages}
    if len(groups) == 1:
        return {}
    everywhere = list(_filled(now, now.leaks))
    return {
        (one.group, one.stage, one.reason): total(_elsewhere(everywhere, one)) for one in now.leaks
    }


def _elsewhere(everywhere: Sequence[LeakCount], one: LeakCount) -> Iterator[VisitShare]:
    for other in everywhere:
        if (other.stage, other.reason) == (one.stage, one.reason) and other.group != one.group:
            yield other.lost


def _filled(counts: FunnelCounts, wanted: Iterable[LeakCount]) -> Iterator[LeakCount]:
    """Yield the leaks of these counts, and the wanted ones with nothing lost."""
    yield from counts.leaks
    known = {(one.group, one.stage, one.reason) for one in counts.leaks}
    reasons = {(one.stage, one.reason) for one in wanted}
    for stage, reason in sorted(reasons):
        for one in counts.stages:
            if one.stage == stage and (one.group, stage, reason) not in known:
                yield LeakCount(one.group, stage, reason, _none_of(one))


def _none_of(stage: StageCount) -> VisitShare:
    of = stage.lost
    return VisitShare(of.subjects, of.visits, 0, of.visits_squared)


def _onward(counts: FunnelCounts) -> dict[int, float]:
    """Return, by stage, the share of visits going on from it that reached the aim."""
    lost = by_stage(counts)
    aim = max(lost, default=0)
    reached = lost[aim].visits if lost else 0
    went_on = {stage: share.visits - share.hits for stage, share in lost.items()}
    return {stage: min(1.0, reached / n) for stage, n in went_on.items() if n}
