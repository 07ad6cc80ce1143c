"""One block of a report: what the variants of a slot, or of a segment of it, have brought."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from bandits.delay import DelayLaw
from bandits.inference import fixed, interval, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.best import Best, best_arm
from bandits.inference.holdout import HOLDOUT, POLICY
from bandits.inference.interval import Estimate
from bandits.inference.srm import mismatch, z_scores
from bandits.inference.verdict import LEAST_HITS, Verdict, verdict
from nudge.domain import comparison
from nudge.domain.comparison import Part
from nudge.domain.cube import Ages, Groups
from nudge.domain.report_time import FEWEST
from nudge.domain.sentences import Finding, preliminary, sentence

FEN: Final = 100
Plain = dict[str, object]


@dataclass(frozen=True)
class Reading:
    """How all blocks of a report are read.

    Attributes:
        enabled: names of the variants that may be compared.
        revenue: the reward is yuan, not conversions.
        shares: revision -> share of the subjects that are held out.
        law: of the delay of conversions.
        alpha: chance that a verdict names a winner that is none, in any block.
        comparisons: how many blocks are judged together.
        level: of the intervals for one look.
    """

    enabled: Sequence[str]
    revenue: bool
    shares: Mapping[int, float]
    law: DelayLaw
    alpha: float
    comparisons: int
    level: float

    @property
    def unit(self) -> float | None:
        """The size of an ordinary reward, where it is known before the first."""
        return None if self.revenue else 1.0


@dataclass(frozen=True)
class Block:
    """A block.

    Attributes:
        reading: of the report.
        part: the rows.
        ages: of those whose windows are open.
        degraded: exposures decided without the visitor's state.
        segment: dimension -> value; empty for the whole slot.
    """

    reading: Reading
    part: Part
    ages: Ages
    degraded: int
    segment: Mapping[str, str]

    def plain(self) -> Plain:
        """As JSON."""
        every = self.part.groups
        if every.clusters() < FEWEST and len(every):
            return self._hidden()
        arms = comparison.compared(self.part, self.reading.enabled)
        judged = Judged.of(self.reading, self.part, arms)
        matured = Judged.of(self.reading, self.part.matured(), arms)
        waiting = every.total("rows") - every.where(every.settled).total("rows")
        found = self._finding(matured, waiting)
        so_far = self._finding(judged, waiting)
        return {
            "hidden": False,
            **self._drawn(self.part.drawn, None),
            "degraded": self.degraded,
            "left_out": judged.sums.left_out,
            "by_reason": self._by_reason(),
            "variants": [self._variant(i, judged) for i in range(len(self.part.cube.variants))],
            "lift": judged.lift(),
            "matured": matured.plain(self.part.cube.variants),
            "mismatch": self._mismatch(),
            "verdict": _verdict(found) | sentence(found),
            "preliminary": _verdict(so_far) | preliminary(so_far) if waiting else None,
        }

    def _hidden(self) -> Plain:
        found = Finding("cannot_tell", "few_people", segment=self.segment)
        return {
            "hidden": True,
            "exposures": self.part.drawn.total("rows"),
            "verdict": _verdict(found) | sentence(found),
        }

    def _drawn(self, groups: Groups, variant: int | None) -> Plain:
        """Figures of what the policy drew, so far and expected."""
        rows, conversions = groups.total("rows"), groups.total("conversions")
        settled = groups.where(groups.settled).total("rows")
        ages = self.ages.where(self.ages.reason == self.part.cube.reason(comparison.POLICY))
        ages = ages if variant is None else ages.where(ages.variant == variant)
        law = self.reading.law
        when = np.concatenate([[np.inf], ages.age])
        to_come = law.to_come(when, conversions, np.concatenate([[settled], ages.rows]))
        return {
            **_figures(groups),
            "expected_conversions": conversions + to_come,
            "open": rows - settled,
        }

    def _variant(self, number: int, judged: Judged) -> Plain:
        drawn = self.part.drawn
        groups = drawn.where(drawn.variant == number)
        name = self.part.cube.variants[number]
        head: Plain = {
            "variant": name,
            "enabled": name in self.reading.enabled,
            "compared": number in judged.arms,
        }
        rows = groups.total("rows")
        if rows and groups.clusters() < FEWEST:
            return head | {"hidden": True, "exposures": rows}
        every = drawn.total("rows")
        figures = self._drawn(groups, number) | {"share": rows / every if every else None}
        return head | {"hidden": False, **figures, **judged.of_arm(number)}

    def _by_reason(self) -> Plain:
        found = {name: self.part.reason(name) for name in self.part.cube.reasons}
        told: Plain = {}
        for name, groups in found.items():
            if groups.total("rows"):
                few = groups.clusters() < FEWEST
                rows = groups.total("rows")
                told[name] = {"hidden": True, "exposures": rows} if few else _figures(groups)
        return told

    def _mismatch(self) -> Plain:
        sums = comparison.ratio_of(self.part)
        z = z_scores(sums)
        names = self.part.cube.variants
        return {
            "found": mismatch(sums),
            "z": {name: _number(z[i]) for i, name in enumerate(names) if sums.variance[i] > 0.0},
        }

    def _finding(self, judged: Judged, waiting: int) -> Finding:
        if mismatch(comparison.ratio_of(self.part)):
            return Finding("cannot_tell", "mismatch", segment=self.segment, waiting=waiting)
        if not len(self.part.groups):
            return Finding("cannot_tell", "nothing_shown", segment=self.segment)
        if not judged.part.groups.total("rows") and waiting:
            return Finding("too_early", "nothing_matured", waiting=waiting, segment=self.segment)
        return judged.finding(self.segment, waiting)


@dataclass(frozen=True)
class Judged:
    """What inference says of some rows.

    Attributes:
        reading: of the report.
        part: the rows.
        arms: the variants that are compared.
        sums: of their comparison.
        held: of policy and holdout.
    """

    reading: Reading
    part: Part
    arms: Sequence[int]
    sums: ArmSums
    held: ArmSums

    @classmethod
    def of(cls, reading: Reading, part: Part, arms: Sequence[int]) -> Judged:
        """Of the rows of a part."""
        binary = not reading.revenue
        return cls(
            reading,
            part,
            arms,
            comparison.arm_sums_of(part, arms, shares=binary),
            comparison.holdout_sums_of(part, reading.shares, binary=binary),
        )

    @cached_property
    def best(self) -> Best:
        """Chances to be best, and expected losses."""
        return best_arm(self.sums)

    @cached_property
    def baseline(self) -> Estimate:
        """The holdout's mean."""
        return fixed.mean(self.held, HOLDOUT, level=self.reading.level)

    def of_arm(self, number: int) -> Plain:
        """The estimates of a variant; null where it is not compared, or was never drawn."""
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
            "estimate": _estimate(look),
            "always": _estimate(always),
            "chance_to_be_best": _number(best.chance[arm]),
            "expected_loss": _number(best.loss[arm]),
            "lift": _estimate(interval.lift(look, held)),
        }

    def lift(self) -> Plain | None:
        """Policy against holdout, as a share; null without a holdout."""
        if not self.held.table.shown.all():
            return None
        look = fixed.lift(self.held, POLICY, HOLDOUT, level=self.reading.level)
        alpha = 1.0 - self.reading.level
        always = sequence.lift(self.held, POLICY, HOLDOUT, alpha=alpha, unit=self.reading.unit)
        policy, holdout = self.held.table.shown.tolist()
        return {
            **(_estimate(look) or {}),
            "always": _estimate(always),
            "exposures": {"policy": int(policy), "holdout": int(holdout)},
        }

    def plain(self, names: Sequence[str]) -> Plain:
        """Figures and estimates of these rows."""
        drawn = self.part.drawn
        told = []
        for number, name in enumerate(names):
            groups = drawn.where(drawn.variant == number)
            few = bool(len(groups)) and groups.clusters() < FEWEST
            rows: Plain = {"exposures": groups.total("rows"), "hidden": few}
            more = {} if few else _figures(groups) | self.of_arm(number)
            told.append({"variant": name} | rows | more)
        few = bool(len(drawn)) and drawn.clusters() < FEWEST
        head: Plain = {"exposures": drawn.total("rows"), "hidden": few}
        return head | ({} if few else _figures(drawn) | {"lift": self.lift(), "variants": told})

    def finding(self, segment: Mapping[str, str], waiting: int) -> Finding:
        """The verdict on these rows, with names."""
        found = self.verdict()
        names = [self.part.cube.variants[arm] for arm in self.arms]
        return Finding(
            kind=found.kind,
            reason=found.reason,
            leader="" if found.leader is None else names[found.leader],
            second="" if found.second is None else names[found.second],
            relative=found.relative,
            beaten=tuple(names[arm] for arm in found.beaten),
            others=len(names) - 1,
            rewards=int(self.sums.table.hits.sum()),
            needed=int(LEAST_HITS * len(names)),
            waiting=waiting,
            revenue=self.reading.revenue,
            segment=segment,
        )

    def verdict(self) -> Verdict:
        """The verdict on the comparison, at every look."""
        return verdict(
            self.sums,
            alpha=self.reading.alpha,
            comparisons=self.reading.comparisons,
            unit=self.reading.unit,
        )


def _verdict(found: Finding) -> Plain:
    return {
        "kind": found.kind,
        "reason": found.reason,
        "winner": found.leader if found.kind == "winner" else None,
        "leader": found.leader or None,
        "second": found.second or None,
        "lead": None if found.relative is None else _estimate(found.relative),
        "can_be_stopped": list(found.beaten),
    }


def _figures(groups: Groups) -> Plain:
    rows, conversions = groups.total("rows"), groups.total("conversions")
    value = groups.total("value")
    return {
        "exposures": rows,
        "conversions": conversions,
        "rate": conversions / rows if rows else None,
        "revenue": value / FEN,
        "revenue_per_exposure": value / FEN / rows if rows else None,
    }


def _estimate(found: Estimate) -> Plain | None:
    if not math.isfinite(found.value):
        return None
    return {name: _number(getattr(found, name)) for name in ("value", "low", "high")}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
