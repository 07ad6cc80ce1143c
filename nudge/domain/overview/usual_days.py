"""Usual days: the rate of each hour of the day over earlier days, and how much days differ. Pure.

A day here is 24 hours that end at the same moment as the last 24, so that each of its hours has its
counterpart. `tau` is the relative standard deviation of whole days beyond chance (the moment
estimate of a variance component), floored at 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference.interval import Estimate
from bandits.inference.quantiles import t_quantile

HOURS: Final = 24
DAYS: Final = 14
"""Earlier days that are compared with."""
LEVEL: Final = 0.95
FEWEST: Final = 5
"""Earlier days with enough payments that a comparison needs: with fewer, how much whole days differ
is not known."""
LEAST: Final = 10.0
"""Payments that a day needs, at the usual rates, to tell how much days differ."""
WIDEST: Final = math.log(2.0)
"""Half of the interval, as a logarithm, beyond which nothing is told: half as much, or twice."""


@dataclass(frozen=True)
class HourCount:
    """The visits of one hour.

    Attributes:
        start: seconds.
        visits: that began in it.
        paid: of these, that reached the last stage.
        left_out: whether it lies in a quarantine.
    """

    start: float
    visits: int
    paid: int
    left_out: bool = False


@dataclass(frozen=True, eq=False)
class UsualDays:
    """The usual rate of each of 24 hours.

    Attributes:
        rate: (24,) over the earlier days; NaN where nobody came in that hour.
        days: earlier days with enough payments.
        paid: visits that paid on them.
        tau: relative standard deviation between days beyond chance.
        visits: (24,) of an average day.
    """

    rate: FloatArray
    days: int
    paid: float
    tau: float
    visits: FloatArray

    @classmethod
    def of(cls, earlier: Sequence[HourCount]) -> UsualDays:
        """Return the usual of earlier hours, in order, a whole number of days."""
        table = np.array(
            [(0, 0) if one.left_out else (one.visits, one.paid) for one in earlier],
            dtype=np.float64,
        ).reshape(-1, HOURS, 2)
        visits, paid = table[..., 0], table[..., 1]
        every = visits.sum(axis=0)
        rate = np.divide(paid.sum(axis=0), every, out=np.full(HOURS, np.nan), where=every > 0)
        expected = (visits * np.nan_to_num(rate)).sum(axis=1)
        seen = expected >= LEAST
        tau = _between(paid.sum(axis=1)[seen], expected[seen])
        several = max(int((visits.sum(axis=1) > 0).sum()), 1)
        return cls(rate, int(seen.sum()), float(paid.sum()), tau, every / several)

    def expected(self, visits: FloatArray) -> float:
        """Return the payments that the hours' visits (24,) would make at the usual rates."""
        return float((visits * np.nan_to_num(self.rate)).sum())

    def band(self, hour: int, visits: int) -> Estimate | None:
        """Return the usual rate of an hour with the range of so many visits; None if unknown."""
        rate = float(self.rate[hour])
        if not math.isfinite(rate) or self.days < FEWEST:
            return None
        several = max(visits, self.visits[hour], 1.0)
        error = math.sqrt(rate * (1.0 - rate) / several + (self.tau * rate) ** 2)
        half = t_quantile(LEVEL, self.days - 1.0) * error
        return Estimate(rate, max(rate - half, 0.0), min(rate + half, 1.0))

    def change(self, visits: FloatArray, paid: float) -> Estimate | None:
        """Return payments over those of a usual day, as a share more; None if it cannot be told.

        The interval is that of a day: it holds chance, and what whole days differ by.
        """
        expected = self.expected(visits)
        if self.days < FEWEST or expected <= 0.0 or not paid or not self.paid:
            return None
        rate = paid / max(float(visits.sum()), 1.0)
        chance = (1.0 - min(rate, 1.0)) * (1.0 / paid + 1.0 / self.paid)
        error = math.sqrt(chance + self.tau**2 * (1.0 + 1.0 / self.days))
        half = t_quantile(LEVEL, self.days - 1.0) * error
        if half > WIDEST:
            return None
        ratio = paid / expected
        ends = (ratio * math.exp(sign * half) - 1.0 for sign in (-1.0, 1.0))
        return Estimate(ratio - 1.0, *ends)


def _between(paid: FloatArray, expected: FloatArray) -> float:
    if len(expected) < FEWEST:
        return 0.0
    ratios = paid / expected
    return math.sqrt(max(float(ratios.var(ddof=1)) - float((1.0 / expected).mean()), 0.0))
