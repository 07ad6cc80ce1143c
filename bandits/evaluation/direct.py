"""The direct method: ask a model of the rewards."""

from typing import ClassVar, Self

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.evaluation.estimator import Estimator, ratio


class DirectMethod(Estimator):
    """DM: the mean over rows of the model's reward under the target.

    Its interval holds the chance in the rows and in the model's coefficients, but not the error
    of a model of the wrong form: where the form matters, believe the doubly robust estimate.
    """

    width: ClassVar[int] = 3

    def add(self, expected: FloatArray, pull: FloatArray, groups: IntArray | None = None) -> Self:
        """The estimator with n more rows.

        Args:
            expected: (n,) sum over variants of target probability x predicted reward.
            pull: (n,) how far the row's own reward moved the sum of `expected` through the
                model's coefficients, see `RewardModel.pull`.
            groups: (n,) groups of subjects.
        """
        return self._with([np.ones(len(expected)), expected, pull], groups)

    def linear(self) -> tuple[float, FloatArray]:
        """See `Estimator.linear`."""
        rows, total, _ = self.moments.total
        value = ratio(total, rows)
        return value, np.array([-value, 1.0, 1.0]) / max(rows, 1.0)
