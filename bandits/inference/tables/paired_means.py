"""Means of two periods, of subjects some of whom are in both, and the difference of the two.

A subject's rows are not independent, so every variance and covariance is a sum over subjects of
products of their influences (Liang and Zeger 1986). Means lie on a scale with known ends, so that
their intervals are those of a share (`mean_interval`), which stay on the scale and are honest where
nearly all rows have the same value; the difference is recovered from both (Zou 2007), with the
correlation that the subjects who are in both periods give it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Self

from bandits.inference import interval
from bandits.inference.interval import Estimate, mean_interval

LEVEL = 0.95


@dataclass(frozen=True)
class PeriodSums:
    """Sums of one period's rows, with the squares that a variance by subject needs.

    Attributes:
        subjects: number of subjects with a row.
        rows: number of rows.
        total: sum of the values, from 0 to 1 each.
        rows_squared: sum over subjects of their rows squared.
        both: sum over subjects of rows times total.
        total_squared: sum over subjects of their total squared.
    """

    subjects: int = 0
    rows: int = 0
    total: float = 0.0
    rows_squared: float = 0.0
    both: float = 0.0
    total_squared: float = 0.0

    @property
    def mean(self) -> float | None:
        """Mean of the values; None without rows."""
        return self.total / self.rows if self.rows else None

    @property
    def effective(self) -> float:
        """Number of subjects with equally many rows that would tell as much (Kish 1965)."""
        return self.rows * self.rows / self.rows_squared if self.rows else 0.0

    @property
    def variance(self) -> float:
        """Variance of the mean, clustered by subject; infinite with fewer than two subjects."""
        mean = self.mean
        if mean is None or self.subjects < 2:  # noqa: PLR2004 - one tells no spread
            return math.inf
        influence = self.total_squared - 2.0 * mean * self.both + mean * mean * self.rows_squared
        # Below what rounding leaves of equal values, there is no spread.
        if influence <= 1e-12 * self.rows_squared:
            return 0.0
        return influence * self.subjects / (self.subjects - 1) / (self.rows * self.rows)

    def estimate(
        self, level: float = LEVEL, variance: float | None = None, at: float | None = None
    ) -> Estimate | None:
        """Return the mean with its interval, clustered by subject; None without rows.

        Args:
            level: coverage.
            variance: of the mean; None takes its own.
            at: mean at which the variance holds; None for the own one.
        """
        mean = self.mean
        if mean is None:
            return None
        wide = self.variance if variance is None else variance
        if math.isinf(wide):
            return Estimate(mean, 0.0, 1.0)
        found = mean_interval(
            mean, math.sqrt(wide), level=level, effective=self.effective, kind="share", at=at
        )
        # Few subjects, or one with nearly all rows: nothing is known but the ends of the scale.
        return Estimate(mean, max(found.low, 0.0), min(found.high, 1.0))


@dataclass(frozen=True)
class CrossSums:
    """Sums over the subjects who are in both periods: now times before.

    Attributes:
        rows: rows now times rows before.
        rows_total: rows now times total before.
        total_rows: total now times rows before.
        total: total now times total before.
    """

    rows: float = 0.0
    rows_total: float = 0.0
    total_rows: float = 0.0
    total: float = 0.0


@dataclass(frozen=True)
class PairedMeans:
    """The means of two periods.

    Attributes:
        now: sums of the later period.
        before: sums of the earlier one.
        cross: sums over the subjects who are in both.
    """

    now: PeriodSums = PeriodSums()
    before: PeriodSums = PeriodSums()
    cross: CrossSums = CrossSums()

    def __add__(self, other: Self) -> Self:
        """Add the sums of other subjects."""
        parts = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return type(self)(
            *(
                type(one)(
                    *(a + b for a, b in zip(vars(one).values(), vars(two).values(), strict=True))
                )
                for one, two in parts
            )
        )

    @property
    def level(self) -> float:
        """Mean of all subjects of both periods, each period by the subjects that it is worth."""
        sides = [(one.mean or 0.0, one.effective) for one in (self.now, self.before)]
        people = sum(n for _, n in sides)
        return sum(mean * n for mean, n in sides) / people if people else 0.0

    @property
    def spread(self) -> float:
        """Variance of a single subject's mean in both periods together."""
        sides = (self.now, self.before)
        people = sum(one.effective for one in sides)
        return sum(one.variance * one.effective**2 for one in sides) / people if people else 0.0

    def correlation(self, variances: tuple[float, float]) -> float:
        """Return the correlation of the two means; 0 where no subject is in both.

        Args:
            variances: of both.
        """
        now, before = self.now.mean, self.before.mean
        scale = math.sqrt(variances[0] * variances[1])
        if now is None or before is None or not 0.0 < scale < math.inf:
            return 0.0
        one = self.cross
        influence = one.total - before * one.total_rows - now * one.rows_total
        influence += now * before * one.rows
        # The factor that each variance has.
        few = math.prod(n / (n - 1) for n in (self.now.subjects, self.before.subjects)) ** 0.5
        found = few * influence / (self.now.rows * self.before.rows) / scale
        return min(max(found, -1.0), 1.0)

    def difference(self, level: float = LEVEL) -> Estimate | None:
        """Return now - before with its interval; None where one has no rows."""
        if not (self.now.rows and self.before.rows):
            return None
        spread, level_of = self.spread, self.level
        found, variances = [], []
        for one in (self.now, self.before):
            variances.append(max(one.variance, spread / one.effective))
            found.append(one.estimate(level, variances[-1], level_of))
        now, before = found
        if now is None or before is None:
            return None
        correlation = self.correlation((variances[0], variances[1]))
        return interval.difference(now, before, correlation=correlation)
