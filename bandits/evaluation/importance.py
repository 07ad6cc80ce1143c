"""Estimators that weigh the logged rewards by target probability / propensity."""

from typing import ClassVar, Self

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.evaluation.estimator import Estimator, ratio


class InversePropensity(Estimator):
    """IPS: (1 / n) sum w r (Horvitz and Thompson 1952). Unbiased; its noise grows with w."""

    width: ClassVar[int] = 2

    def add(self, weights: FloatArray, rewards: FloatArray, groups: IntArray | None = None) -> Self:
        """The estimator with n more rows: weights (n,), rewards (n,), groups of subjects (n,)."""
        return self._with([np.ones(len(weights)), weights * rewards], groups)

    def linear(self) -> tuple[float, FloatArray]:
        """See `Estimator.linear`."""
        rows, total = self.moments.total
        value = ratio(total, rows)
        return value, np.array([-value, 1.0]) / max(rows, 1.0)


class SelfNormalised(Estimator):
    """SNIPS: sum w r / sum w (Hajek 1971; Swaminathan and Joachims 2015, section 4).

    It stays within the range of the rewards and does not move when they are shifted; its bias
    is of the order of 1 / n.
    """

    width: ClassVar[int] = 2

    def add(self, weights: FloatArray, rewards: FloatArray, groups: IntArray | None = None) -> Self:
        """The estimator with n more rows: weights (n,), rewards (n,), groups of subjects (n,)."""
        return self._with([weights, weights * rewards], groups)

    def linear(self) -> tuple[float, FloatArray]:
        """See `Estimator.linear`."""
        weight, total = self.moments.total
        value = ratio(total, weight)
        return value, np.array([-value, 1.0]) / (weight if weight > 0.0 else 1.0)
