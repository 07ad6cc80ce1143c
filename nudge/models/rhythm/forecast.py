"""Forecasts under a rhythm: purchases within some days, with interval, and the next one's date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betainc

from bandits.arrays import FloatArray
from nudge.domain.people.rhythm import LEVEL, Rhythm
from nudge.models.rhythm.likelihood import PLACES, WEIGHTS, likelihood_parts
from nudge.models.rhythm.purchase_sums import PurchaseSums

RARE: Final = 1e-9
"""Probability of so many purchases below which no more are looked at."""
MOST: Final = 5_000
"""Most purchases of a forecast."""


@dataclass(frozen=True, eq=False)
class PurchaseForecast:
    """A forecast for each row of sums.

    Attributes:
        alive: (n,) probability of not having left.
        expected: (n,) purchases.
        back: (n,) probability of at least one.
        low: (n,) lower end of the predictive interval of purchases.
        high: (n,) upper end.
    """

    alive: FloatArray
    expected: FloatArray
    back: FloatArray
    low: FloatArray
    high: FloatArray


def forecast(rhythm: Rhythm, sums: PurchaseSums, days: float) -> PurchaseForecast:
    """Forecast the purchases within some days."""
    outlook = Outlook(rhythm, sums)
    tail = (1.0 - LEVEL) / 2.0
    size = len(sums.age)
    expected, back = np.zeros(size), np.zeros(size)
    low, high = np.zeros(size), np.zeros(size)
    rows = np.arange(size)
    horizon = np.full(size, days)
    for number in range(1, MOST):
        chance = outlook.chance(number, horizon, rows)
        expected[rows] += chance
        low[rows] += 1.0 - chance < tail
        high[rows] += chance > tail
        if number == 1:
            back = chance
        rows = rows[chance > RARE]
        if not len(rows):
            break
    return PurchaseForecast(outlook.alive, expected, back, low, high)


class Outlook:
    """The outlook of people: the probability of so many purchases within some days.

    Given that a person stays, some stages have passed since the last purchase; the rest are a
    negative binomial distribution, and the time of leaving is integrated by parts.
    """

    def __init__(self, rhythm: Rhythm, sums: PurchaseSums) -> None:
        self.alive = likelihood_parts(rhythm, sums).alive
        self._rhythm, self._age = rhythm, sums.age
        self._shape = rhythm.rate_shape + rhythm.regularity * sums.repeats
        self._scale = rhythm.rate_scale + sums.age
        self._passed = _passed_stages(self._shape, sums.silent / self._scale, rhythm.regularity)

    def chance(self, number: int, days: FloatArray, rows: np.ndarray) -> FloatArray:
        """Return the probability of at least so many purchases for rows (k,).

        Args:
            number: of purchases, at least 1.
            days: (n,) horizon of each row.
            rows: (k,) places.
        """
        begin = self._rhythm.leaving_scale + self._age[rows]
        end, power = days[rows], self._rhythm.leaving_shape
        whole = np.log1p(end / begin)
        moments = begin * np.expm1(PLACES * whole)
        # The density of leaving, on the logarithm of time: power * exp(-power * y).
        leaving = WEIGHTS * whole * power * np.exp(-power * whole * PLACES)
        found = np.zeros(len(rows))
        for stages, weight in self._missing(number):
            shape, scale = self._shape[rows] + weight[0], self._scale[rows]
            inside = (leaving * _reached(stages, shape, scale, moments)).sum(axis=0)
            stays = np.exp(-power * whole) * _reached(stages, shape, scale, end)
            found += weight[1][rows] * (inside + stays)
        return np.asarray(self.alive[rows] * found)

    def _missing(self, number: int) -> Iterator[tuple[int, tuple[int, FloatArray]]]:
        for passed, share in enumerate(self._passed):
            yield number * self._rhythm.regularity - passed, (passed, share)


def _reached(stages: int, shape: FloatArray, scale: FloatArray, days: FloatArray) -> FloatArray:
    return np.asarray(betainc(stages, shape, days / (scale + days)))


def _passed_stages(shape: FloatArray, share: FloatArray, regularity: int) -> FloatArray:
    """Return the distribution (regularity, n) of the stages that have passed in silence."""
    terms = [np.ones_like(share)]
    for stage in range(1, regularity):
        terms.append(terms[-1] * (shape + stage - 1.0) / stage * share)
    found = np.array(terms)
    return np.asarray(found / found.sum(axis=0))
