"""Findings about factors of leaving: effects, pairs, the told model, and the report of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nudge.domain.care.factors.conditions import Condition

ALPHA: Final = 0.01
"""Chance that a report about pure noise names anything: one report in a hundred."""
LEVEL: Final = 0.95
"""Coverage of each interval by itself."""
SMALL: Final = 1.25
"""Odds ratio below which an effect is of no use: an interval within 1/1.25 to 1.25 is `none`."""
SEEN: Final = 1.5
"""Odds ratio for which the sample needed is told."""


class Verdict(StrEnum):
    """The verdict on a factor."""

    RAISES = "raises"
    LOWERS = "lowers"
    NONE = "none"
    CANNOT_TELL = "cannot_tell"


class Reason(StrEnum):
    """The reason why it cannot be told whether a factor goes with leaving."""

    FEW_LEFT = "few_left"
    FEW_ON_A_SIDE = "few_on_a_side"
    ENTANGLED = "entangled"
    SAMPLE = "sample"
    SMALL = "small"
    ALIKE = "alike"


@dataclass(frozen=True)
class Interval:
    """An odds ratio with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Contrast:
    """Two sides of a factor: the share that left on each.

    Attributes:
        first: the side that is compared: a level, or high values.
        other: the side it is compared with.
        people: on the first side.
        rate: share of the first side that left.
        other_rate: share of the other side that left.
    """

    first: Condition
    other: Condition
    people: int
    rate: float
    other_rate: float


@dataclass(frozen=True)
class Effect:
    """The effect of a factor, all other factors held equal.

    Attributes:
        factor: name.
        scene: whose score it is; empty for a behaviour.
        contrast: the two sides that are compared; None where it has only one.
        odds: ratio of the odds of leaving, first side to the other; None where it is not told.
        p: of the test by itself.
        p_adjusted: after correction for all tests of the report; at most `ALPHA` is found.
        verdict: on the factor.
        reason: why it cannot be told.
        partner: factor that it cannot be told apart from.
        needed: people that would show an odds ratio of 1.5.
    """

    factor: str
    scene: str
    contrast: Contrast | None = None
    odds: Interval | None = None
    p: float | None = None
    p_adjusted: float | None = None
    verdict: Verdict = Verdict.CANNOT_TELL
    reason: Reason | None = None
    partner: str = ""
    needed: int | None = None

    @property
    def found(self) -> bool:
        """The factor goes with leaving."""
        return self.verdict in {Verdict.RAISES, Verdict.LOWERS}


class Cut(StrEnum):
    """The people whose factors are looked at."""

    ALL = "all"
    SEGMENT = "segment"
    KIND = "kind"


@dataclass(frozen=True)
class CutEffects:
    """The effects of all factors among some of the people.

    Attributes:
        cut: all people, a segment, or a kind of leaving against those who stayed.
        group: name of the segment or kind; empty for all.
        people: number.
        left: number of them who left.
        effects: of each factor, the surest first.
        needed: people who have to leave, and to stay, before anything can be told; 0 if they did.
    """

    cut: Cut
    group: str
    people: int
    left: int
    effects: tuple[Effect, ...]
    needed: int = 0


@dataclass(frozen=True)
class PairRule:
    """Two conditions that together go with more, or less, leaving than each by itself.

    Attributes:
        conditions: both.
        people: who meet both.
        rate: share of them that left.
        other_rate: share of all others that left.
        expected: share that both conditions would give if each only added its own.
        odds: how much the two together multiply the odds beyond that, with the interval.
        p_adjusted: after correction; at most `ALPHA` is found.
    """

    conditions: tuple[Condition, Condition]
    people: int
    rate: float
    other_rate: float
    expected: float
    odds: Interval
    p_adjusted: float


class Shape(StrEnum):
    """The way in which a rule's factor counts."""

    STEP = "step"
    DOUBLING = "doubling"
    UNIT = "unit"
    UNIT_UP_TO = "unit_up_to"


@dataclass(frozen=True)
class ToldRule:
    """A rule of the told model.

    Attributes:
        shape: what `odds` belongs to: a condition that is met, a doubling or a unit of the factor.
        conditions: that are met; a bound of the factor where it counts up to one.
        odds: by which the rule multiplies the odds of leaving.
    """

    shape: Shape
    conditions: tuple[Condition, ...]
    odds: float


@dataclass(frozen=True)
class ToldModel:
    """A model of at most twelve rules that ranks people by their chance to leave.

    Attributes:
        base: share that leaves where no rule counts.
        rules: the most telling first.
        auc: chance that one who left is ranked above one who stayed; people of five folds, each
            ranked by rules of the other four. None where there are no rules.
    """

    base: float
    rules: tuple[ToldRule, ...]
    auc: float | None


@dataclass(frozen=True)
class FactorReport:
    """The report of factors.

    Attributes:
        cuts: all people first, then segments, then kinds of leaving.
        pairs: of all people, the surest first.
        model: the told one.
        known_late: columns that tell leaving by themselves, and were left out.
    """

    cuts: tuple[CutEffects, ...]
    pairs: tuple[PairRule, ...]
    model: ToldModel
    known_late: tuple[str, ...] = ()

    @property
    def whole(self) -> CutEffects:
        """The effects among all people."""
        return self.cuts[0]
