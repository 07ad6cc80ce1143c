"""The change of a rate and of the revenue between two periods, with intervals. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference.interval import Estimate, RewardKind, difference, lift, mean_interval
from nudge.domain.basics.money import FEN
from nudge.domain.reports.cube import Groups
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.section_estimates import Plain, figures, interval_of, real

Verdict = Literal["better", "worse", "unclear"]
FIGURES: Final = ("rate", "revenue_per_exposure")


@dataclass(frozen=True)
class FigureChange:
    """The change of a figure an exposure, as a difference and as a share.

    Attributes:
        now: the figure.
        before: of the period before.
        by: now - before.
        relative: now / before - 1.
    """

    now: Estimate
    before: Estimate
    by: Estimate
    relative: Estimate

    @property
    def verdict(self) -> Verdict:
        """The verdict: `unclear` where no change is as likely as any other in the interval."""
        if self.by.low > 0.0:
            return "better"
        return "worse" if self.by.high < 0.0 else "unclear"

    @property
    def plain(self) -> Plain:
        """The change as JSON."""
        by, relative = interval_of(self.by), interval_of(self.relative)
        return {**(by or {}), "relative": relative, "verdict": self.verdict}


@dataclass(frozen=True)
class Change:
    """The change of the figures of a slot, a segment or a variant.

    Attributes:
        now: exposures whose reward is final, drawn by the policy.
        before: the same of the period before.
        level: of the intervals.
        revenue: the slot's own figure is the revenue, not the rate: of the other one only the
            values are known, since sums by groups of subjects are kept of the slot's rewards alone.
    """

    now: Groups
    before: Groups
    level: float
    revenue: bool

    @property
    def empty(self) -> bool:
        """True where one side has no exposures."""
        return not (len(self.now) and len(self.before))

    @property
    def hidden(self) -> bool:
        """True where few people are behind one side."""
        return any(len(one) and one.clusters() < FEWEST for one in (self.now, self.before))

    def of(self, name: str) -> FigureChange:
        """Return the change of `rate` or `revenue_per_exposure`.

        The two sides are taken for independent. A visitor of both makes them alike, so that the
        interval is rather too wide.
        """
        now, before = (self._estimate(one, name) for one in (self.now, self.before))
        return FigureChange(now, before, difference(now, before), lift(now, before))

    def plain(self) -> Plain:
        """Return the change as JSON; null figures for few people or none."""
        if self.hidden or self.empty:
            none = dict.fromkeys(("now", "before", "revenue", *FIGURES))
            return {"hidden": self.hidden, **none}
        now, before = figures(self.now), figures(self.before)
        revenue = (self.now.total("value") - self.before.total("value")) / FEN
        changes = {name: self.of(name).plain for name in FIGURES}
        return {"hidden": False, "now": now, "before": before, "revenue": real(revenue), **changes}

    def _estimate(self, groups: Groups, name: str) -> Estimate:
        if (name == "revenue_per_exposure") == self.revenue:
            return _mean(groups, self.level, "positive" if self.revenue else "share")
        amount = groups.total("value") / FEN if name != "rate" else groups.total("conversions")
        return Estimate(amount / groups.total("rows"), -math.inf, math.inf)


def _mean(groups: Groups, level: float, kind: RewardKind) -> Estimate:
    """Return the reward an exposure, whose error is that of the subjects' groups."""
    _, crowd = groups.crowd()
    _, place = np.unique(crowd.cluster, return_inverse=True)
    rows: FloatArray = np.bincount(place, crowd.rows).astype(np.float64)
    sums: FloatArray = np.bincount(place, crowd.reward).astype(np.float64)
    every, many = float(rows.sum()), len(rows)
    value = float(sums.sum()) / every
    if many < 2:  # noqa: PLR2004 (one group has no variance)
        return Estimate(value, -math.inf, math.inf)
    square = float(((sums - value * rows) ** 2).sum())
    error = math.sqrt(square * many / (many - 1)) / every
    return mean_interval(value, error, level=level, effective=float(many), kind=kind)
