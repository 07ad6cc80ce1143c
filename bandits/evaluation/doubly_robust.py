"""A model of the rewards, corrected by the weighted rewards that it did not foresee."""

from typing import ClassVar, Self

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.evaluation.estimator import Estimator, ratio


class DoublyRobust(Estimator):
    """DR: (1 / n) sum (expected + w (r - predicted)) (Dudik, Langford and Li 2011, eq. 3).

    With exact propensities it is unbiased whatever the model; a good model takes noise away.
    """

    width: ClassVar[int] = 2

    def add(
        self,
        weights: FloatArray,
        rewards: FloatArray,
        predicted: FloatArray,
        expected: FloatArray,
        groups: IntArray | None = None,
    ) -> Self:
        """The estimator with n more rows.

        Args:
            weights: (n,) target probability / propensity of the logged variant.
            rewards: (n,).
            predicted: (n,) the model's reward of the logged variant, from other folds.
            expected: (n,) the model's reward under the target, from other folds.
            groups: (n,) groups of subjects.
        """
        values = expected + weights * (rewards - predicted)
        return self._with([np.ones(len(weights)), values], groups)

    def linear(self) -> tuple[float, FloatArray]:
        """See `Estimator.linear`."""
        rows, total = self.moments.total
        value = ratio(total, rows)
        return value, np.array([-value, 1.0]) / max(rows, 1.0)


class SelfNormalisedDoublyRobust(Estimator):
    """SNDR: mean of expected + sum w (r - predicted) / sum w (Thomas and Brunskill 2016, WDR)."""

    width: ClassVar[int] = 4

    def add(
        self,
        weights: FloatArray,
        rewards: FloatArray,
        predicted: FloatArray,
        expected: FloatArray,
        groups: IntArray | None = None,
    ) -> Self:
        """The estimator with n more rows; see `DoublyRobust.add`."""
        surprise = weights * (rewards - predicted)
        return self._with([np.ones(len(weights)), expected, weights, surprise], groups)

    def linear(self) -> tuple[float, FloatArray]:
        """See `Estimator.linear`."""
        rows, expected, weight, surprise = self.moments.total
        mean, shift = ratio(expected, rows), ratio(surprise, weight)
        per_row, per_weight = 1.0 / max(rows, 1.0), 1.0 / (weight if weight > 0.0 else 1.0)
        derivatives = [-mean * per_row, per_row, -shift * per_weight, per_weight]
        return mean + shift, np.array(derivatives)
