"""Estimates of a section of a report as JSON: means, lifts, the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bandits.delay import DelayDistribution
from bandits.inference import fixed, interval, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.best import BestArmFigures, best_arm
from bandits.inference.holdout import HOLDOUT, POLICY
from bandits.inference.interval import Estimate
from bandits.inference.verdict import LEAST_HITS, Verdict, verdict
from nudge.domain.basics.money import FEN
from nudge.domain.reports import comparison
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import Groups
from nudge.domain.reports.holdout_runs import newest_run
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.sentences import Advice, Finding

Plain = dict[str, object]


@dataclass(frozen=True)
class ReportSettings:
    """Settings of inference, common to all sections of a report.

    Attributes:
        enabled: names of the variants that may be compared.
        revenue: the reward is yuan, not conversions.
        shares: revision -> share of the subjects in the holdout.
        runs: revision -> first revision in which the holdout was shown the same; empty where it
            always was.
        law: of the delay of conversions.
        alpha: chance that a verdict names a false winner, in any section.
        comparisons: number of sections that are judged together.
        level: of the intervals for one look.
        advice: on the whole slot: a variant is stopped for all visitors, so that each section
            calls stoppable what no segment needs; None where only the means are known.
    """

    enabled: Sequence[str]
    revenue: bool
    shares: Mapping[int, float]
    runs: Mapping[int, int]
    law: DelayDistribution
    alpha: float
    comparisons: int
    level: float
    advice: Advice | None = None

    def shares_in(self, part: ComparisonRows) -> Mapping[int, float]:
        """Return the shares of the revisions that may be pooled in a lift over these rows."""
        if not self.runs:
            return self.shares
        return newest_run(part.groups.revision.tolist(), self.shares, self.runs)

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
        whole: the holdout was shown the same in all rows that the policy drew.
    """

    reading: ReportSettings
    part: ComparisonRows
    arms: Sequence[int]
    sums: ArmSums
    held: ArmSums
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
            not reading.runs or set(part.drawn.revision.tolist()) <= shares.keys(),
        )

    @cached_property
    def best(self) -> BestArmFigures:
        """Chances to be best, and expected losses."""
        return best_arm(self.sums)

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
        always = sequence.mean(
            self.sums, arm, alpha=1.0 - self.reading.level, unit=self.reading.unit
        )
        held = self.baseline
        return {
            "estimate": interval_of(look),
            "always": interval_of(always),
            "chance_to_be_best": real(best.chance[arm]),
            "expected_loss": real(best.loss[arm]),
            # An estimate over all rows has no counterpart in a holdout that began later.
            "lift": interval_of(interval.lift(look, held)) if self.whole else None,
        }

    def lift(self) -> Plain | None:
        """Return policy against holdout, as a share; null without a holdout."""
        if not self.held.table.shown.all():
            return None
        look = fixed.lift(self.held, POLICY, HOLDOUT, level=self.reading.level)
        alpha = 1.0 - self.reading.level
        always = sequence.lift(self.held, POLICY, HOLDOUT, alpha=alpha, unit=self.reading.unit)
        policy, holdout = self.held.table.shown.tolist()
        return {
            **(interval_of(look) or {}),
            "always": interval_of(always),
            "exposures": {"policy": int(policy), "holdout": int(holdout)},
        }

    def _finite_lift(self) -> Estimate | None:
        if not self.held.table.shown.all():
            return None
        found = fixed.lift(self.held, POLICY, HOLDOUT, level=self.reading.level)
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
        return head | ({} if few else figures(drawn) | {"lift": self.lift(), "variants": variants})

    def finding(self, segment: Mapping[str, str], waiting: int) -> Finding:
        """Return the verdict on the section, with the variants' names."""
        found = self.verdict()
        names = [self.part.cube.variants[arm] for arm in self.arms]
        beaten = [names[arm] for arm in found.beaten]
        advice = self.reading.advice or Advice(frozenset(beaten))
        needs = [] if segment else [advice.needs[name] for name in beaten if name in advice.needs]
        if found.reason == "too_close" and not segment:
            needs += advice.opposed.values()
        gain = None if segment or found.reason == "few_rewards" else advice.gain
        return Finding(
            kind=found.kind,
            reason=found.reason,
            leader="" if found.leader is None else names[found.leader],
            second="" if found.second is None else names[found.second],
            relative=found.relative,
            beaten=tuple(name for name in beaten if name in advice.stoppable),
            needs=tuple(needs),
            average=bool(needs),
            gain=gain,
            lift=None if gain is None else self._finite_lift(),
            others=len(names) - 1,
            rewards=int(self.sums.table.hits.sum()),
            needed=int(LEAST_HITS * len(names)),
            waiting=waiting,
            revenue=self.reading.revenue,
            segment=segment,
        )

    def verdict(self) -> Verdict:
        """Return the verdict on the comparison, valid at every look."""
        return verdict(
            self.sums,
            alpha=self.reading.alpha,
            comparisons=self.reading.comparisons,
            unit=self.reading.unit,
        )


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
