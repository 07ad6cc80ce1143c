"""The funnel's report as plain JSON, from its counts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from bandits.inference.interval import Estimate
from nudge.domain.funnel.funnel import PERIODS, Funnel, FunnelQuestion
from nudge.domain.funnel.funnel_comparison import ComparedCounts
from nudge.domain.funnel.funnel_counts import (
    LEVEL,
    Disagreement,
    FunnelCounts,
    PathCount,
    StageCount,
    VisitShare,
)
from nudge.domain.funnel.funnel_leaks import (
    Leak,
    by_reason,
    by_stage,
    change,
    rank_leaks,
    verdict,
)
from nudge.domain.funnel.funnel_sentences import change_sentence, disagreements, headline
from nudge.domain.reports.filters import plain_where
from nudge.domain.reports.report_time import FEWEST

MOST: Final = 30
"""Most groups in a report, those with most visits; the stages' figures include all groups."""
Plain = dict[str, object]
Sides = tuple[Sequence[StageCount], Sequence[StageCount]]
"""Stages of the part that is compared, and of its counterpart."""
_NOBODY: Final = FunnelCounts(0, 0, (), (), (), (), Disagreement(0, 0, 0, 0, None))
"""Counts of a counterpart that there is not."""


def report(
    funnel: Funnel, question: FunnelQuestion, now: FunnelCounts, compared: ComparedCounts | None
) -> Plain:
    """Build the funnel's report.

    Args:
        funnel: with the names of the stages.
        question: answered by the report.
        now: counts of its period.
        compared: counts of what is compared; None for no comparison.
    """
    label = question.calendar.label
    part = (compared and compared.now) or now
    before = None if compared is None else compared.before or _NOBODY
    # A day has no counterpart in the other period: its leaks are compared with the other days.
    alike = None if question.by in PERIODS else before
    usual = None if alike is _NOBODY else alike
    leaks = [one for one in rank_leaks(part, usual) if _wide(one)]
    return {
        "from": label(question.period.start),
        "to": label(question.period.end),
        "by": question.by,
        "where": plain_where(question.where),
        "compare": None if compared is None else _compared(funnel, question, compared),
        "interval_level": LEVEL,
        "visits": now.visits,
        "visitors": now.subjects,
        "headline": headline(funnel, now, leaks, question.by, chosen=bool(question.where)),
        "stages": list(_stages(funnel, now.overall, _overall(part, before), now.visits)),
        "groups": list(_groups(funnel, now, part, alike)),
        "paths": [_path(funnel, one, now) for one in now.paths],
        "leaks": {
            "by_stage": _by_stage(funnel, part),
            "by_reason": _by_reason(part, before),
            "ranked": [_leak(funnel, one) for one in leaks],
        },
        "disagreements": disagreements(now.sources),
    }


def _compared(funnel: Funnel, question: FunnelQuestion, compared: ComparedCounts) -> Plain:
    label, periods = question.calendar.label_or_none, compared.periods
    there, until = periods.before, label(periods.until)
    return {
        "with": question.compare,
        "from": None if there is None else label(there.start),
        "to": None if there is None else label(there.end),
        "until": until,
        **change_sentence(funnel, str(question.compare), compared, until),
    }


def _overall(part: FunnelCounts, before: FunnelCounts | None) -> Sides | None:
    return None if before is None else (part.overall, before.overall)


def _stages(
    funnel: Funnel, mine: Sequence[StageCount], sides: Sides | None, visits: int
) -> Iterator[Plain]:
    """Yield the stages of one group, or of all, in order; also those that nobody reached."""
    nobody = VisitShare()
    for i, stage in enumerate(funnel.stages):
        one = _at(mine, i) or StageCount("", i, nobody, None)
        found = _figures(stage.name, one, visits)
        if sides is not None:
            now, earlier = (_at(side, i) for side in sides)
            lost = [nobody if side is None else side.lost for side in (now, earlier)]
            found["change"] = _change(change(*lost))
        yield found


def _at(counts: Sequence[StageCount], stage: int) -> StageCount | None:
    return next((one for one in counts if one.stage == stage), None)


def _figures(name: str, one: StageCount, visits: int) -> Plain:
    lost, estimate = one.lost, one.lost.estimate()
    return {
        "stage": name,
        "visits": lost.visits,
        "share_of_all": lost.visits / visits if visits else None,
        "went_on": lost.visits - lost.hits,
        "lost": lost.hits,
        "loss_rate": lost.rate,
        "interval": None if estimate is None else [estimate.low, estimate.high],
        "seconds_to_next": one.seconds,
    }


def _change(difference: Estimate | None) -> Plain:
    """Return the change of a share of lost visits; `better` means that less is lost."""
    if difference is None:
        return {"loss_rate": None, "interval": None, "verdict": "unclear"}
    return {
        "loss_rate": difference.value,
        "interval": [difference.low, difference.high],
        "verdict": verdict(difference),
    }


def _groups(
    funnel: Funnel, now: FunnelCounts, part: FunnelCounts, before: FunnelCounts | None
) -> Iterator[Plain]:
    for group in _widest(now):
        mine = _of(now, group)
        if max(one.lost.subjects for one in mine) < FEWEST:
            yield {"group": group, "hidden": True}
            continue
        sides = None if before is None else (_of(part, group), _of(before, group))
        visits = max(one.visits for one in mine)
        yield {
            "group": group,
            "hidden": False,
            "stages": list(_stages(funnel, mine, sides, visits)),
        }


def _of(counts: FunnelCounts, group: str) -> list[StageCount]:
    return [one for one in counts.stages if one.group == group]


def _widest(now: FunnelCounts) -> list[str]:
    """Return the groups with most visits, by name."""
    visits: dict[str, int] = {}
    for one in now.stages:
        visits[one.group] = max(visits.get(one.group, 0), one.visits)
    return sorted(sorted(visits, key=lambda group: (-visits[group], group))[:MOST])


def _path(funnel: Funnel, one: PathCount, now: FunnelCounts) -> Plain:
    return {
        "path": [funnel.stages[stage].name for stage in one.path],
        "kind": kind_of(one.path),
        "visits": one.visits,
        "share": one.visits / now.visits,
    }


def kind_of(path: Sequence[int]) -> str:
    """Name a path: `straight`, `skips` (omits a stage), `loops` (returns to one) or both."""
    loops = any(later <= earlier for earlier, later in pairwise(path))
    skips = len(set(path)) < max(path) + 1
    return " and ".join(name for name, is_so in (("skips", skips), ("loops", loops)) if is_so) or (
        "straight"
    )


def _by_stage(funnel: Funnel, now: FunnelCounts) -> list[Plain]:
    lost = {stage: share.hits for stage, share in by_stage(now).items()}
    everyone = sum(lost.values())
    order = sorted(lost, key=lambda stage: (-lost[stage], stage))
    return [
        {
            "stage": funnel.stages[stage].name,
            "lost": lost[stage],
            "share_of_lost": lost[stage] / everyone,
        }
        for stage in order
        if lost[stage]
    ]


def _by_reason(now: FunnelCounts, before: FunnelCounts | None) -> list[Plain]:
    lost, earlier = by_reason(now), {} if before is None else by_reason(before)
    everyone = sum(lost.values())
    found = []
    for reason, count in lost.items():
        row: Plain = {"reason": reason or None, "lost": count, "share_of_lost": count / everyone}
        found.append(row if before is None else row | {"lost_before": earlier.get(reason, 0)})
    return found


def _wide(leak: Leak) -> bool:
    return leak.count.lost.subjects >= FEWEST


def _leak(funnel: Funnel, leak: Leak) -> Plain:
    one = leak.count
    return {
        "group": one.group,
        "stage": funnel.stages[one.stage].name,
        "reason": one.reason or None,
        "lost": one.lost.hits,
        "of_visits": one.lost.visits,
        "rate": one.lost.rate,
        "usual_rate": None if leak.usual is None else leak.usual.rate,
        "excess": None if leak.excess is None else [leak.excess.low, leak.excess.high],
        "payments_lost": leak.payments,
        "verdict": leak.verdict,
    }
