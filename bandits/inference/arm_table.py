"""Sums by arm for inference, which add up over partitions and time in any order.

Weights are w = 1{A = a} / e_a with the logged propensity e_a. With a constant reward model m_a
the AIPW score of a row is m_a + w (Y - m_a), and where m_a is the weighted mean itself its mean
is sum w Y / sum w: so these sums give the AIPW estimate without a second pass.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class ArmTable:
    """Sums by arm (..., K), of one log or, with leading axes, of many at once.

    Attributes:
        rows: (...) number of rows.
        shown: rows in which the arm was drawn.
        hits: rows in which the arm was drawn and the reward is not 0.
        reward: sum of Y over the rows shown.
        square: sum of Y^2.
        cube: sum of |Y|^3.
        weight: sum of w.
        value: sum of w Y.
        weight_square: sum of w^2.
        weight_value: sum of w^2 Y.
        value_square: sum of w^2 Y^2.
        inverse: sum of 1 / e_a over all rows, whatever was drawn.
        inverse_square: sum of 1 / e_a^2 over all rows.
    """

    rows: FloatArray
    shown: FloatArray
    hits: FloatArray
    reward: FloatArray
    square: FloatArray
    cube: FloatArray
    weight: FloatArray
    value: FloatArray
    weight_square: FloatArray
    weight_value: FloatArray
    value_square: FloatArray
    inverse: FloatArray
    inverse_square: FloatArray

    @classmethod
    def from_rows(cls, arms: IntArray, rewards: FloatArray, pmf: FloatArray) -> Self:
        """Return the sums of n rows.

        Args:
            arms: (n,) the arm drawn; -1 for an arm that is not compared.
            rewards: (n,).
            pmf: (n, K) logged probabilities of the compared arms, all above 0.
        """
        everything = np.zeros(len(arms), dtype=np.int64)
        return cls.from_groups(everything, 1, arms, rewards, pmf).total()

    @classmethod
    def from_groups(
        cls, groups: IntArray, count: int, arms: IntArray, rewards: FloatArray, pmf: FloatArray
    ) -> Self:
        """Return the sums (G, K) of n rows by group.

        Args:
            groups: (n,) the row's group, below `count`.
            count: number G of groups.
            arms: (n,) the arm drawn; -1 for an arm that is not compared.
            rewards: (n,).
            pmf: (n, K) logged probabilities of the compared arms, all above 0.
        """
        wide = pmf.shape[1]
        known = arms >= 0
        index, y = arms[known], rewards[known]
        w = 1.0 / pmf[known, index]
        flat = groups[known] * wide + index

        def by_arm(column: FloatArray) -> FloatArray:
            found = np.bincount(flat, column, count * wide).astype(np.float64)
            return found.reshape(count, wide)

        def by_group(columns: FloatArray) -> FloatArray:
            found = [np.bincount(groups, columns[:, arm], count) for arm in range(wide)]
            return np.stack(found, axis=1) if wide else np.zeros((count, 0))

        inverse = 1.0 / pmf
        return cls(
            rows=np.bincount(groups, minlength=count).astype(np.float64),
            shown=by_arm(np.ones_like(y)),
            hits=by_arm(np.where(y != 0.0, 1.0, 0.0)),
            reward=by_arm(y),
            square=by_arm(y * y),
            cube=by_arm(np.abs(y) ** 3),
            weight=by_arm(w),
            value=by_arm(w * y),
            weight_square=by_arm(w * w),
            weight_value=by_arm(w * w * y),
            value_square=by_arm((w * y) ** 2),
            inverse=by_group(inverse),
            inverse_square=by_group(inverse * inverse),
        )

    @classmethod
    def empty(cls, arms: int) -> Self:
        """Return the sums of no rows over K arms."""
        return cls.from_rows(np.zeros(0, dtype=np.int64), np.zeros(0), np.ones((0, arms)))

    def total(self) -> Self:
        """Return the sums over the first axis."""
        return self._each(lambda column: np.asarray(column.sum(axis=0)))

    def expand(self) -> Self:
        """Return the same sums as the one entry of a new first axis."""
        return self._each(lambda column: column[None])

    def group(self, places: IntArray, count: int) -> Self:
        """Return sums (count, ...) of the entries (n,) of the first axis that have one place."""

        def sums(column: FloatArray) -> FloatArray:
            flat = column.reshape(len(column), math.prod(column.shape[1:]))
            out = np.empty((count, flat.shape[1]))
            for i, values in enumerate(flat.T):
                out[:, i] = np.bincount(places, values, count)  # faster than `add.at`
            return out.reshape(count, *column.shape[1:])

        return self._each(sums)

    def cumulate(self) -> Self:
        """Return the sums of each entry of the first axis and of all before it."""
        return self._each(lambda column: np.asarray(column.cumsum(axis=0)))

    def take(self, places: IntArray | BoolArray) -> Self:
        """Return the chosen entries of the first axis."""
        return self._each(lambda column: column[places])

    def _each(self, change: Callable[[FloatArray], FloatArray]) -> Self:
        return type(self)(*(change(getattr(self, field.name)) for field in fields(self)))

    def __add__(self, other: Self) -> Self:
        """Return the sum of both parts."""
        names = [field.name for field in fields(self)]
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in names))

    def mean(self) -> FloatArray:
        """Return the AIPW means (..., K); NaN for an arm that was never drawn."""
        drawn = self.weight > 0.0
        return np.where(drawn, self.value / np.where(drawn, self.weight, 1.0), np.nan)

    def variance_of_mean(self) -> FloatArray:
        """Return the variances (..., K) of the means: sum w^2 (Y - mean)^2 / (sum w)^2, by row."""
        mean = np.nan_to_num(self.mean())
        square = self.value_square - 2.0 * mean * self.weight_value + mean**2 * self.weight_square
        return np.asarray(np.maximum(square, 0.0) / np.maximum(self.weight, 1e-150) ** 2)

    def effective(self) -> FloatArray:
        """Return the effective numbers of rows (..., K): (sum w)^2 / sum w^2; 0 if never drawn."""
        return np.asarray(self.weight**2 / np.maximum(self.weight_square, 1e-300))
