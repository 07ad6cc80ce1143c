"""A slot's report: figures, estimates and a verdict for the slot and for each segment, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bandits.delay import DelayCounts, DelayDistribution
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import OTHER, Cube
from nudge.domain.reports.inferred_figures import LEVEL
from nudge.domain.reports.report_section import ReportSection
from nudge.domain.reports.report_time import allocation, floor_range
from nudge.domain.reports.section_estimates import ReportSettings
from nudge.domain.reports.sentences import Advice
from nudge.domain.slots.slot import Slot

DECIDED: Final = 0.05
"""Probability that a verdict names a winner that is none, over all looks."""


@dataclass(frozen=True)
class ReportTerms:
    """The terms of a slot by which its report is read.

    Attributes:
        slot: the current revision.
        shares: revision -> share of the holdout among its subjects and the policy's.
        until: seconds, the watermark of the newest rows.
        runs: revision -> first revision of its run, of `holdout_runs`.
        calendar: of days and labels.
        usual_shares: as `shares`, of the group `usual`.
        usual_runs: as `runs`, of the group `usual`.
        advice: on the whole slot; None where only the means are known.
    """

    slot: Slot
    shares: Mapping[int, float]
    until: float
    runs: Mapping[int, int] = field(default_factory=dict)
    calendar: OperatorCalendar = field(default_factory=OperatorCalendar)
    usual_shares: Mapping[int, float] = field(default_factory=dict)
    usual_runs: Mapping[int, int] = field(default_factory=dict)
    advice: Advice | None = None

    @property
    def revenue(self) -> bool:
        """True where the reward is yuan, not conversions."""
        return self.slot.terms.objective == "revenue"


def report(terms: ReportTerms, by: Sequence[str], cube: Cube) -> dict[str, object]:
    """Return the report as JSON values: the whole slot, its segments, allocation and delay.

    Args:
        terms: by which the slot is read.
        by: the dimensions of the cube's segments.
        cube: sums of the rows asked for.
    """
    segments = len(cube.segments) if by else 0
    reading = ReportSettings(
        tuple(v.name for v in terms.slot.variants if v.enabled),
        terms.revenue,
        terms.shares,
        terms.runs,
        terms.usual_shares,
        terms.usual_runs,
        _law(terms, cube),
        alpha=DECIDED,
        comparisons=segments + 1,
        level=LEVEL,
        titles=terms.slot.titles,
        calendar=terms.calendar,
        advice=terms.advice,
    )
    return {
        "objective": terms.slot.terms.objective,
        "interval_level": LEVEL,
        "verdict_alpha": DECIDED,
        "comparisons": segments + 1,
        "by": list(by),
        "whole": ReportSection(
            reading, ComparisonRows.of(cube), cube.ages, int(cube.degraded.sum()), {}
        ).plain(),
        "segments": [_segment(reading, cube, number, by) for number in range(segments)],
        "allocation": allocation(cube, terms.calendar),
        "floor": floor_range(cube.allocation),
        "delay": _delay(reading.law, cube),
        "quarantined": cube.quarantined,
        "quarantines": [one.plain(terms.calendar) for one in cube.quarantines],
    }


def _segment(
    reading: ReportSettings, cube: Cube, number: int, by: Sequence[str]
) -> dict[str, object]:
    values = cube.segments[number]
    lumped = values == (OTHER,)
    told = dict.fromkeys(by, "other") if lumped else dict(zip(by, values, strict=True))
    ages = cube.ages.where(cube.ages.segment == number)
    degraded = int(cube.degraded[number])
    block = ReportSection(reading, ComparisonRows.of(cube, number), ages, degraded, told).plain()
    shown = {name: None if lumped or not value else value for name, value in told.items()}
    return {"segment": shown, "other": lumped} | block


def _law(terms: ReportTerms, cube: Cube) -> DelayDistribution:
    window = terms.slot.terms.window
    counts = DelayCounts.empty(window)
    return counts.add(cube.delays.delay, np.minimum(cube.delays.age, window)).distribution()


def _delay(law: DelayDistribution, cube: Cube) -> dict[str, object]:
    if not len(cube.delays.delay):
        return {"median_seconds": None, "p90_seconds": None}
    return {"median_seconds": law.median, "p90_seconds": law.quantile(0.9)}
