"""Cases that were acted on against those held out: what the closed loop added. Pure.

Everybody of whom chance did not hold the case out counts, reached or not (intention to treat): who
could be reached was not decided by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.inference.interval import Estimate
from bandits.inference.tables.like_groups import GroupDifference, standardised_mean
from bandits.inference.tables.step_down import StepAnswer, step_down
from nudge.domain.loop.loop_cases import LoopCases
from nudge.domain.loop.strata import find_strata


class NoComparison(StrEnum):
    """The reason why nothing can be compared."""

    NOBODY_HELD = "nobody_held"
    NOT_OVER = "not_over"
    FEW = "few"


LEVEL: Final = 0.95


@dataclass(frozen=True)
class HoldoutEffect:
    """The effect of acting on cases.

    Attributes:
        people: who were acted on, or could have been.
        people_held: held out.
        left_out: cases without a comparison: too few people of their kind and rule are held out.
        kept: difference of the shares kept, judged with all others of the report.
        yuan: difference of what was paid, for each case.
        shares: kept of those acted on, and of the held out, standardised to the same mix.
        cases: that were compared, of those acted on.
        contacted: share of these that were contacted.
    """

    people: int
    people_held: int
    left_out: int
    kept: StepAnswer
    yuan: Estimate
    shares: tuple[Estimate, Estimate]
    cases: int
    contacted: float

    @property
    def more_kept(self) -> Estimate:
        """Cases that were kept because somebody acted."""
        return scaled(self.kept.estimate, self.cases)

    @property
    def more_yuan(self) -> Estimate:
        """Yuan that were paid because somebody acted."""
        return scaled(self.yuan, self.cases)

    @property
    def yuan_per_contact(self) -> Estimate | None:
        """Yuan for each case that was contacted; None where none was.

        What is not contacted is taken to gain nothing.
        """
        return scaled(self.yuan, 1.0 / self.contacted) if self.contacted else None


@dataclass(frozen=True, eq=False)
class Comparison:
    """The sums of a comparison, before it is judged."""

    people: int
    people_held: int
    left_out: int
    kept: GroupDifference
    yuan: GroupDifference
    cases: int
    contacted: float


def scaled(one: Estimate, factor: float) -> Estimate:
    """Return an estimate times a factor that is not negative."""
    return Estimate(one.value * factor, one.low * factor, one.high * factor)


def compare_with_held(cases: LoopCases, mature: BoolArray) -> Comparison | NoComparison:
    """Compare cases with those held out; the sums, or why there are none.

    Args:
        cases: of a group, the held out among them.
        mature: (n,) cases whose horizon is over.
    """
    if not cases.held.any():
        return NoComparison.NOBODY_HELD
    if not (mature & cases.held).any() or not (mature & ~cases.held).any():
        return NoComparison.NOT_OVER
    cases = cases.take(mature)
    strata = find_strata(cases, ~cases.held, cases.held)
    if not strata.count:
        return NoComparison.FEW
    acted, held = (side & (strata.codes >= 0) for side in (~cases.held, cases.held))
    mix = strata.mix(acted)

    def difference(values: FloatArray) -> GroupDifference:
        one, other = (
            standardised_mean(values[rows], strata.codes[rows], cases.visitor[rows], mix)
            for rows in (acted, held)
        )
        return GroupDifference(one, other)

    return Comparison(
        len(np.unique(cases.visitor[acted])),
        len(np.unique(cases.visitor[held])),
        int((~cases.held & (strata.codes < 0)).sum()),
        difference((~np.isnan(cases.paid)).astype(np.float64)),
        difference(cases.revenue),
        int(acted.sum()),
        float((~np.isnan(cases.contacted[acted])).mean()),
    )


def judge(comparisons: Sequence[Comparison]) -> list[HoldoutEffect]:
    """Judge comparisons together: hardly ever one is told that is not so (Holm)."""
    answers = step_down([partial(one.kept.estimate) for one in comparisons])
    return [_effect(one, answer) for one, answer in zip(comparisons, answers, strict=True)]


def _effect(one: Comparison, answer: StepAnswer) -> HoldoutEffect:
    return HoldoutEffect(
        one.people,
        one.people_held,
        one.left_out,
        answer,
        one.yuan.estimate(LEVEL, "any"),
        (one.kept.one.estimate(), one.kept.other.estimate()),
        one.cases,
        one.contacted,
    )
