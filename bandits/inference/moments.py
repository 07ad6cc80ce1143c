"""Moments of a few columns, which give the variance of any smooth function of the sums.

They take one pass over batches in any order, and parts add with `+`. With subjects they hold the
sums of each group of subjects, otherwise the cross products of rows.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.clusters import GROUPS


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of rows of p columns.

    Attributes:
        rows: number of rows.
        total: (p,) sums.
        cross: (p, p) sums of products of the rows' columns; zeros where there are groups.
        groups: (G, p) sums by group of subjects; None where rows are independent.
        sizes: (G,) rows of each group, None without groups.
    """

    rows: int
    total: FloatArray
    cross: FloatArray
    groups: FloatArray | None = None
    sizes: FloatArray | None = None

    @classmethod
    def empty(cls, width: int) -> Self:
        """Return the moments of no rows of `width` columns."""
        return cls(0, np.zeros(width), np.zeros((width, width)))

    @classmethod
    def from_columns(cls, columns: FloatArray, groups: IntArray | None = None) -> Self:
        """Return the moments of columns (n, p), by the groups (n,) of their subjects if given."""
        n, width = columns.shape
        total = np.asarray(columns.sum(axis=0), dtype=np.float64)
        if groups is None:
            return cls(n, total, np.asarray(columns.T @ columns, dtype=np.float64))
        by_group = np.zeros((GROUPS, width))
        for j in range(width):
            by_group[:, j] = np.bincount(groups, columns[:, j], GROUPS)
        sizes = np.bincount(groups, minlength=GROUPS).astype(np.float64)
        return cls(n, total, np.zeros((width, width)), by_group, sizes)

    def __add__(self, other: Self) -> Self:
        """Return the sum of both parts.

        Raises:
            ValueError: one part has subjects and the other has not.
        """
        if not self.rows or not other.rows:
            return self if self.rows else other
        if (self.groups is None) != (other.groups is None):
            raise ValueError("rows with and without subjects cannot be added")
        total, cross = self.total + other.total, self.cross + other.cross
        rows = self.rows + other.rows
        if self.groups is None or other.groups is None:
            return type(self)(rows, total, cross)
        assert self.sizes is not None  # noqa: S101 - groups and sizes come together
        assert other.sizes is not None  # noqa: S101
        groups, sizes = self.groups + other.groups, self.sizes + other.sizes
        return type(self)(rows, total, cross, groups, sizes)

    @property
    def clusters(self) -> int:
        """Number of independent clusters: groups with a row or, without groups, rows."""
        return self.rows if self.sizes is None else int(np.count_nonzero(self.sizes))

    def spread(self, coefficients: FloatArray) -> float:
        """Return the standard error of a statistic.

        Args:
            coefficients: (p,) derivatives of the statistic by the column sums. The statistic must
                not change if all sums are multiplied: then c @ total is 0, and c @ row is the
                influence of a row (delta method; Liang and Zeger 1986 for clusters).

        Returns:
            sqrt(C / (C - 1) * sum of squared influences); infinite with fewer than 2 clusters.
        """
        count = self.clusters
        if count < 2:  # noqa: PLR2004
            return float("inf")
        if self.groups is None:
            square = float(coefficients @ self.cross @ coefficients)
        else:
            square = float(((self.groups @ coefficients) ** 2).sum())
        return float(np.sqrt(max(square, 0.0) * count / (count - 1)))
