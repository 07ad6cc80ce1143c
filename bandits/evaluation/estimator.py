"""What all estimators share: sums of columns, a value, and the derivatives of the value."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.interval import Estimate, RewardKind, mean_interval
from bandits.inference.moments import Moments


@dataclass(frozen=True, eq=False)
class Estimator:
    """A frozen value: `add` gives a new one, `+` merges the parts of a log.

    Attributes:
        moments: sums of the estimator's own columns.
    """

    width: ClassVar[int]

    moments: Moments

    @classmethod
    def empty(cls) -> Self:
        """The estimator before the first row."""
        return cls(Moments.empty(cls.width))

    def __add__(self, other: Self) -> Self:
        """The estimator of both parts."""
        return replace(self, moments=self.moments + other.moments)

    def _with(self, columns: list[FloatArray], groups: IntArray | None) -> Self:
        return replace(
            self, moments=self.moments + Moments.from_columns(np.stack(columns, axis=1), groups)
        )

    def linear(self) -> tuple[float, FloatArray]:
        """The value, and its derivatives by the column sums."""
        raise NotImplementedError

    def estimate(
        self, *, level: float = 0.95, effective: float | None = None, kind: RewardKind = "any"
    ) -> Estimate:
        """The value with its interval.

        Args:
            level: coverage.
            effective: effective number of rows; the number of clusters unless given.
            kind: what is averaged, see `mean_interval`.
        """
        value, derivatives = self.linear()
        error = self.moments.spread(derivatives)
        clusters = float(self.moments.clusters)
        worth = clusters if effective is None else min(effective, clusters)
        return mean_interval(value, error, level=level, effective=worth, kind=kind)


def ratio(top: float, bottom: float) -> float:
    """The quotient; NaN where there is nothing to divide by."""
    return float(top / bottom) if bottom > 0.0 else float("nan")
