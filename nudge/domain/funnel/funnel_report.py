"""The funnel's report as plain JSON, from its counts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from bandits.inference.interval import Estimate
from nudge.domain.funnel.funnel import PERIODS, Funnel, FunnelQuestion, VisitPeriod
from nudge.domain.funnel.funnel_counts import LEVEL, FunnelCounts, PathCount, StageCount, VisitShare
from nudge.domain.funnel.funnel_leaks import (
    Leak,
    by_reason,
    by_stage,
    change,
    rank_leaks,
    verdict,
)
from nudge.domain.funnel.funnel_sentences import disagreements, headline

FEWEST: Final = 20
"""Least number of people for which a group's figures are shown."""
MOST: Final = 30
"""Most groups in a report, those with most visits; the stages' figures include all groups."""
Plain = dict[str, object]


def report(
    funnel: Funnel, question: FunnelQuestion, now: FunnelCounts, before: FunnelCounts | None
) -> Plain:
    """Build the funnel's report.

    Args:
        funnel: with the names of the stages.
        question: answered by the report.
        now: counts of its period.
        before: counts of the earlier period.
    """
    compared = question.before()
    label = question.calendar.label
    # A day has no counterpart in the other period: its leaks are compared with the other days.
    alike = None if question.by in PERIODS else before
    overall = None if before is None else before.overall
    leaks = [one for one in rank_leaks(now, alike) if _wide(one)]
    return {
        "from": label(question.period.start),
        "to": label(question.period.end),
        "by": question.by,
        "compare": None if compared is None else _compared(question, compared),
        "interval_level": LEVEL,
        "visits": now.visits,
        "visitors": now.subjects,
        "headline": headline(funnel, now, leaks),
        "stages": list(_stages(funnel, now.overall, overall, now.visits)),
        "groups": list(_groups(funnel, now, alike)),
        "paths": [_path(funnel, one, now) for one in now.paths],
        "leaks": {
            "by_stage": _by_stage(funnel, now),
            "by_reason": _by_reason(now, before),
            "ranked": [_leak(funnel, one) for one in leaks],
        },
        "disagreements": disagreements(now.sources),
    }


def _compared(question: FunnelQuestion, period: VisitPeriod) -> Plain:
    label = question.calendar.label
    return {"with": question.compare, "from": label(period.start), "to": label(period.end)}


def _stages(
    funnel: Funnel,
    mine: Sequence[StageCount],
    before: Sequence[StageCount] | None,
    visits: int,
) -> Iterator[Plain]:
    """Yield the stages of one group, or of all, in order; also those that nobody reached."""
    nobody = VisitShare()
    for i, stage in enumerate(funnel.stages):
        one = _at(mine, i) or StageCount("", i, nobody, None)
        found = _figures(stage.name, one, visits)
        if before is not None:
            earlier = _at(before, i)
            found["change"] = _change(change(one.lost, nobody if earlier is None else earlier.lost))
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


def _groups(funnel: Funnel, now: FunnelCounts, before: FunnelCounts | None) -> Iterator[Plain]:
    for group in _widest(now):
        mine = [one for one in now.stages if one.group == group]
        if max(one.lost.subjects for one in mine) < FEWEST:
            yield {"group": group, "hidden": True}
            continue
        earlier = None if before is None else [x for x in before.stages if x.group == group]
        visits = max(one.visits for one in mine)
        yield {
            "group": group,
            "hidden": False,
            "stages": list(_stages(funnel, mine, earlier, visits)),
        }


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
