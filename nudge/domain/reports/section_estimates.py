"""Estimates of a section of a report as JSON: means, lifts, the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np

from bandits.delay import DelayDistribution
from bandits.inference import fixed, interval, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.best import BestArmFigures, best_arm
from bandits.inference.holdout import HOLDOUT
from bandits.inference.interval import Estimate
from bandits.inference.verdict import LEAST_HITS, Reason, Verdict, verdict
from bandits.inference.verdict_history import held_since
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.basics.money import FEN
from nudge.domain.reports import comparison
from nudge.domain.reports.capped_revenue import CappedRevenue
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import Groups
from nudge.domain.reports.holdout_runs import newest_run
from nudge.domain.reports.lift_sentences import FEW_PEOPLE, lift_sentence
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.sentences import Advice, Finding
from nudge.domain.reports.verdict_days import VerdictDays

Plain = dict[str, object]
DATED: Final[Sequence[Reason]] = ("separated", "too_close")
"""Reasons of verdicts that more visitors will not change: it is told since when they have held."""


@dataclass(frozen=True)
class ReportSettings:
    """Settings of inference, common to all sections of a report.

    Attributes:
        enabled: names of the variants that may be compared.
        revenue: the reward is yuan, not conversions.
        shares: revision -> share of the holdout among its subjects and the policy's.
        runs: revision -> first revision in which the holdout was shown the same; empty where it
            always was.
        usual_shares: as `shares`, of the group `usual`.
        usual_runs: as `runs`, of the group `usual`.
        law: of the delay of conversions.
        alpha: chance that a verdict names a false winner, in any section.
        comparisons: number of sections that are judged together.
        level: of the intervals for one look.
        titles: name of a variant -> its title by language, of those that have one.
        calendar: of the day since which a verdict has held.
        advice: on the whole slot: a variant is stopped for all visitors, so that each section
            calls stoppable what no segment needs; None where only the means are known.
    """

    enabled: Sequence[str]
    revenue: bool
    shares: Mapping[int, float]
    runs: Mapping[int, int]
    usual_shares: Mapping[int, float]
    usual_runs: Mapping[int, int]
    law: DelayDistribution
    alpha: float
    comparisons: int
    level: float
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    calendar: OperatorCalendar = field(default_factory=OperatorCalendar)
    advice: Advice | None = None

    def shares_in(self, part: ComparisonRows) -> Mapping[int, float]:
        """Return the shares of the revisions that may be pooled in a lift over these rows."""
        return _pooled(part, self.shares, self.runs)

    def usual_shares_in(self, part: ComparisonRows) -> Mapping[int, float]:
        """Return the same for the group `usual`."""
        return _pooled(part, self.usual_shares, self.usual_runs)

    @property
    def unit(self) -> float | None:
        """The size of an ordinary reward, where it is known before the first."""
        return None if self.revenue else 1.0


@dataclass(frozen=True)
class SectionEstimates:
    """The estimates of one section of a report.

    Attributes:
        reading: settings of the report.
        part: the rows.
        arms: the variants that are compared.
        sums: of the comparison of variants.
        held: sums of policy and holdout.
        shares: of the revisions whose lift over the holdout may be pooled.
        usual_shares: of those whose lift over the group `usual` may be.
        whole: the holdout was shown the same in all rows that the policy drew.
    """

    reading: ReportSettings
    part: ComparisonRows
    arms: Sequence[int]
    sums: ArmSums
    held: ArmSums
    shares: Mapping[int, float]
    usual_shares: Mapping[int, float]
    whole: bool

    @classmethod
    def of(
        cls,
        reading: ReportSettings,
        part: ComparisonRows,
        arms: Sequence[int],
        shares: Mapping[int, float],
    ) -> SectionEstimates:
        """Compute the sums of a section's rows.

        Args:
            reading: settings of the report.
            part: the rows.
            arms: the variants that are compared.
            shares: of the revisions whose lift may be pooled, of `shares_in`.
        """
        binary = not reading.revenue
        return cls(
            reading,
            part,
            arms,
            comparison.arm_sums_of(part, arms, shares=binary),
            comparison.holdout_sums_of(part, shares, binary=binary),
            shares,
            reading.usual_shares_in(part),
            not reading.runs or set(part.drawn.revision.tolist()) <= shares.keys(),
        )

    @cached_property
    def best(self) -> BestArmFigures:
        """Chances to be best, and expected losses."""
        return best_arm(self.sums)

    @cached_property
    def bands(self) -> sequence.ConfidenceBand:
        """The confidence sequences of all means."""
        return sequence.means(self.sums, alpha=1.0 - self.reading.level, unit=self.reading.unit)

    @cached_property
    def baseline(self) -> Estimate:
        """The holdout's mean."""
        return fixed.mean(self.held, HOLDOUT, level=self.reading.level)

    def of_arm(self, number: int) -> Plain:
        """Return the estimates of a variant; null where it is not compared, or was never drawn."""
        if number not in self.arms or not self.sums.table.rows:
            return dict.fromkeys(
                ("estimate", "always", "chance_to_be_best", "expected_loss", "lift")
            )
        arm, best = list(self.arms).index(number), self.best
        look = fixed.mean(self.sums, arm, level=self.reading.level)
        always = self.bands.at(arm, arm)
        held = self.baseline
        return {
            "estimate": interval_of(look),
            "always": interval_of(always),
            "chance_to_be_best": real(best.chance[arm]),
            "expected_loss": real(best.loss[arm]),
            # An estimate over all rows has no counterpart in a holdout that began later.
            "lift": interval_of(interval.lift(look, held)) if self._held_is_told else None,
        }

    @property
    def _held_is_told(self) -> bool:
        return self.whole and not _few(self.held)

    def lift(self) -> Plain | None:
        """Return policy against holdout, as a share; null without a holdout."""
        return self._lift(self.held, ("policy", "holdout"))

    def lift_usual(self) -> Plain | None:
        """Return policy against the operator's own rule, with a sentence; null without a group."""
        if comparison.USUAL not in self.part.cube.reasons:
            return None
        binary = not self.reading.revenue
        sums = comparison.usual_sums_of(self.part, self.usual_shares, binary=binary)
        found = self._lift(sums, ("policy", "usual"))
        if found is None or found["hidden"]:
            return found and found | FEW_PEOPLE
        return found | lift_sentence(self._always(sums), revenue=self.reading.revenue)

    def usual_lift(self) -> Plain | None:
        """Return the operator's own rule against the holdout; null without one of the two."""
        if comparison.USUAL not in self.part.cube.reasons:
            return None
        shares = _between(self.shares, self.usual_shares)
        sums = comparison.usual_held_sums_of(self.part, shares, binary=not self.reading.revenue)
        return self._lift(sums, ("usual", "holdout"))

    def _lift(self, sums: ArmSums, names: tuple[str, str]) -> Plain | None:
        """Return a group against another one, as a share; null where one is empty.

        Fewer than 20 people in one of them hide it.
        """
        if not sums.table.shown.all():
            return None
        shown = map(int, sums.table.shown.tolist())
        few = _few(sums)
        head: Plain = {"hidden": few, "exposures": dict(zip(names, shown, strict=True))}
        if few:
            return head
        look = fixed.lift(sums, 0, 1, level=self.reading.level)
        return head | (interval_of(look) or {}) | {"always": interval_of(self._always(sums))}

    def _always(self, sums: ArmSums) -> Estimate:
        alpha = 1.0 - self.reading.level
        return sequence.lift(sums, 0, 1, alpha=alpha, unit=self.reading.unit)

    def _finite_lift(self) -> Estimate | None:
        if not self.held.table.shown.all() or _few(self.held):
            return None
        found = fixed.lift(self.held, 0, 1, level=self.reading.level)
        ends = (found.value, found.low, found.high)
        return found if all(map(math.isfinite, ends)) else None

    def plain(self, names: Sequence[str]) -> Plain:
        """Return figures and estimates of the section as JSON."""
        drawn = self.part.drawn
        variants = []
        for number, name in enumerate(names):
            groups = drawn.where(drawn.variant == number)
            few = bool(len(groups)) and groups.clusters() < FEWEST
            rows: Plain = {"exposures": groups.total("rows"), "hidden": few}
            more = {} if few else figures(groups) | self.of_arm(number)
            variants.append({"variant": name} | rows | more)
        few = bool(len(drawn)) and drawn.clusters() < FEWEST
        head: Plain = {"exposures": drawn.total("rows"), "hidden": few}
        if few:
            return head
        cut: Plain = {"capped": self.capped and self.capped.plain}
        return head | figures(drawn) | cut | self.lifts() | {"variants": variants}

    @property
    def capped(self) -> CappedRevenue | None:
        """The revenue of all exposures, of whatever group, that the comparisons leave out."""
        return CappedRevenue.of(self.part.cube, self.part.groups)

    def lifts(self) -> Plain:
        """Return the three lifts: over the holdout, over today's rule, of that rule."""
        return {
            "lift": self.lift(),
            "lift_usual": self.lift_usual(),
            "usual_over_holdout": self.usual_lift(),
        }

    def finding(self, segment: Mapping[str, str], waiting: int, *, dated: bool) -> Finding:
        """Return the verdict on the section, with the variants' names.

        Args:
            segment: dimension -> value; empty for the whole slot.
            waiting: exposures whose window is open.
            dated: tell since when the verdict has held.
        """
        found = self.verdict()
        names = [self.part.cube.variants[arm] for arm in self.arms]
        beaten = [names[arm] for arm in found.beaten]
        advice = self.reading.advice or Advice(frozenset(beaten))
        needs = [] if segment else [advice.needs[name] for name in beaten if name in advice.needs]
        if found.reason == "too_close" and not segment:
            needs += advice.opposed.values()
        told = Advice() if segment or found.reason == "few_rewards" else advice
        personal = told.gain is not None or told.over_fallback is not None
        since, newest = self._since(found) if dated else (None, None)
        return Finding(
            kind=found.kind,
            reason=found.reason,
            leader="" if found.leader is None else names[found.leader],
            second="" if found.second is None else names[found.second],
            relative=found.relative,
            beaten=tuple(name for name in beaten if name in advice.stoppable),
            needs=tuple(needs),
            average=bool(needs),
            since=since,
            newest=newest,
            gain=told.gain,
            over_fallback=told.over_fallback,
            lift=self._finite_lift() if personal else None,
            others=len(names) - 1,
            rewards=int(self.sums.table.hits.sum()),
            needed=int(LEAST_HITS * len(names)),
            waiting=waiting,
            revenue=self.reading.revenue,
            segment=segment,
            titles=self.reading.titles,
            capped=self.capped,
        )

    def _since(self, found: Verdict) -> tuple[date, date] | tuple[None, None]:
        """Return the day since which a verdict has held, and the newest; None while it is open."""
        if found.reason not in DATED:
            return None, None
        days = VerdictDays.of(self.sums.time_blocks.block, self.reading.calendar)
        since = held_since(
            found,
            self.sums,
            days.end,
            alpha=self.reading.alpha,
            comparisons=self.reading.comparisons,
            unit=self.reading.unit,
        )
        return date_of(int(days.day[since])), date_of(int(days.day[-1]))

    def verdict(self) -> Verdict:
        """Return the verdict on the comparison, valid at every look."""
        return verdict(
            self.sums,
            alpha=self.reading.alpha,
            comparisons=self.reading.comparisons,
            unit=self.reading.unit,
        )


def _few(sums: ArmSums) -> bool:
    """True where one arm has fewer than 20 people: so many groups of subjects at least."""
    found = sums.groups.groups
    if found is None:
        return False
    return bool((np.count_nonzero(found[:, : sums.arms], axis=0) < FEWEST).any())


def _pooled(
    part: ComparisonRows, shares: Mapping[int, float], runs: Mapping[int, int]
) -> Mapping[int, float]:
    return newest_run(part.groups.revision.tolist(), shares, runs) if runs else shares


def _between(held: Mapping[int, float], usual: Mapping[int, float]) -> dict[int, float]:
    """Return revision -> share of the holdout among its subjects and those of `usual`.

    Args:
        held: revision -> share of the holdout among its subjects and the policy's, below 1.
        usual: the same of the group `usual`.
    """
    shares = {one: (held[one], usual[one]) for one in held.keys() & usual.keys()}
    return {
        one: h * (1.0 - u) / (h * (1.0 - u) + u * (1.0 - h))
        for one, (h, u) in shares.items()
        if 0.0 < h < 1.0 and 0.0 < u < 1.0
    }


def figures(groups: Groups) -> Plain:
    """Return the counts and rates of some groups as JSON."""
    rows, conversions = groups.total("rows"), groups.total("conversions")
    value = groups.total("value")
    return {
        "exposures": rows,
        "conversions": conversions,
        "rate": conversions / rows if rows else None,
        "revenue": value / FEN,
        "revenue_per_exposure": value / FEN / rows if rows else None,
    }


def interval_of(found: Estimate) -> Plain | None:
    """Return an estimate with its ends as JSON; null where unknown, an infinite end as null."""
    if not math.isfinite(found.value):
        return None
    return {name: real(getattr(found, name)) for name in ("value", "low", "high")}


def real(value: float) -> float | None:
    """Return a finite number; null for any other."""
    return float(value) if math.isfinite(value) else None
