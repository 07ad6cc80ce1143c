"""Figures of a first week: what it costs and brings, over all worlds that the log allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from lab.first_week.week import NUDGE, ORACLE, RULE, WeekRun
from lab.first_week.week_terms import WeekTerms

LOW: Final = 0.05
"""Quantile over the worlds below which 5 of 100 lie."""
HIGH: Final = 0.95
"""Quantile over the worlds above which 5 of 100 lie."""
NOTHING: Final = 1e-6
"""Worth that is none: sums are rounded."""


@dataclass(frozen=True)
class Spread:
    """A figure over all worlds.

    Attributes:
        mean: mean over the worlds.
        low: 5 of 100 worlds have less.
        high: 5 of 100 worlds have more.
    """

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: FloatArray) -> Spread:
        """Return the spread of a figure's values, one a world."""
        # Of n draws, this many hundredths lie outside also where n is small.
        low, high = np.quantile(values, [LOW, HIGH], method="weibull")
        return cls(float(values.mean()), float(low), float(high))


@dataclass(frozen=True)
class WeekMoment:
    """A moment of the week.

    Attributes:
        visitors: number of visitors who came before.
        day: its day, from 1.
    """

    visitors: int
    day: int


@dataclass(frozen=True)
class DayDifference:
    """The difference between the service and the operator's own rule on one day.

    Attributes:
        day: day of the week, from 1.
        difference: worth of the day under the service less that under the rule.
    """

    day: int
    difference: Spread


@dataclass(frozen=True)
class Shortfall:
    """The largest shortfall on the way: how far the service was behind the rule since the start.

    Attributes:
        mean: mean over the worlds.
        at_most: 95 of 100 worlds have at most this.
        deepest: moment at which it is largest, in the middle one of the worlds.
    """

    mean: float
    at_most: float
    deepest: WeekMoment


@dataclass(frozen=True)
class WeekFigures:
    """The figures of a week; worths are conversions, or yuan where revenue is the objective.

    Attributes:
        rule: worth of the week under the operator's own rule.
        nudge: worth of the week under the service.
        single: worth of the week with the best single variant of each world.
        best_single: variant that is the best single one in most worlds.
        oracle: worth of the week with the best variant for each visitor.
        difference: worth under the service less that under the rule.
        pays: share of the worlds in which the week brings at least what the rule does.
        days: difference by day.
        worst_day: day with the least mean difference.
        shortfall: the largest on the way.
        pays_from: moment from which on half of the worlds are ahead of the rule since the start,
            to the end of the week; None where that is not within the week.
        surely_from: moment from which on 95 of 100 worlds are.
        moved: share of the visitors who saw another variant than the rule's.
        guessed: share of the visitors who saw a variant that the log does not know for them.
    """

    rule: Spread
    nudge: Spread
    single: Spread
    best_single: str
    oracle: Spread
    difference: Spread
    pays: float
    days: tuple[DayDifference, ...]
    worst_day: DayDifference
    shortfall: Shortfall
    pays_from: WeekMoment | None
    surely_from: WeekMoment | None
    moved: Spread
    guessed: float

    @property
    def plain(self) -> dict[str, object]:
        """The figures as JSON."""
        return asdict(self)


def week_figures(runs: Sequence[WeekRun], terms: WeekTerms, names: Sequence[str]) -> WeekFigures:
    """Compute the figures of a week.

    Args:
        runs: at least one, each in a world of its own.
        terms: of each run.
        names: variants of the slot.
    """
    worth = np.stack([run.worth for run in runs])
    whole, single = worth.sum(axis=2), np.stack([run.single for run in runs])
    most = np.bincount(single.argmax(axis=1), minlength=len(names))
    gained = worth[:, NUDGE] - worth[:, RULE]
    days = _days(gained, terms)
    ahead = _ahead_from(np.cumsum(gained, axis=1), terms)
    return WeekFigures(
        rule=Spread.of(whole[:, RULE]),
        nudge=Spread.of(whole[:, NUDGE]),
        single=Spread.of(single.max(axis=1)),
        best_single=names[int(most.argmax())],
        oracle=Spread.of(whole[:, ORACLE]),
        difference=Spread.of(gained.sum(axis=1)),
        pays=float((gained.sum(axis=1) >= -NOTHING).mean()),
        days=days,
        worst_day=min(days, key=lambda one: one.difference.mean),
        shortfall=_shortfall(np.cumsum(gained, axis=1), terms),
        pays_from=_moment(ahead, 0.5, terms),
        surely_from=_moment(ahead, HIGH, terms),
        moved=Spread.of(np.array([run.moved for run in runs])),
        guessed=float(np.mean([run.guessed for run in runs])),
    )


def _days(gained: FloatArray, terms: WeekTerms) -> tuple[DayDifference, ...]:
    begins = np.array(terms.points[:-1])
    days = np.minimum(np.floor(begins / terms.per_day).astype(np.int64), terms.days - 1)
    sums = gained @ np.eye(terms.days)[days]
    return tuple(DayDifference(i + 1, Spread.of(sums[:, i])) for i in range(terms.days))


def _shortfall(since: FloatArray, terms: WeekTerms) -> Shortfall:
    """Compute the shortfall from the gain since the start (runs, n) at the end of each batch."""
    behind = np.maximum(-since, 0.0)
    deepest = np.array(terms.points[1:])[behind.argmax(axis=1)]
    deepest = np.where(behind.max(axis=1) > NOTHING, deepest, 0)
    most = behind.max(axis=1)
    at_most = float(np.quantile(most, HIGH, method="weibull"))
    return Shortfall(float(most.mean()), at_most, _at(float(np.median(deepest)), terms))


def _ahead_from(since: FloatArray, terms: WeekTerms) -> FloatArray:
    """Return visitors (runs,) from whom on the gain since the start is never negative again."""
    behind = since < -NOTHING
    last = since.shape[1] - 1 - behind[:, ::-1].argmax(axis=1)
    after = np.append(np.array(terms.points[2:], dtype=np.float64), np.inf)
    return np.where(behind.any(axis=1), after[last], 0.0)


def _moment(ahead: FloatArray, share: float, terms: WeekTerms) -> WeekMoment | None:
    found = np.sort(ahead)[max(int(np.ceil(share * len(ahead))) - 1, 0)]
    return _at(float(found), terms) if np.isfinite(found) else None


def _at(visitors: float, terms: WeekTerms) -> WeekMoment:
    day = min(int(visitors / terms.per_day) + 1, terms.days)
    return WeekMoment(round(visitors), day)
