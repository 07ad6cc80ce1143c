"""Sums of a few columns, with what is needed for the variance of any smooth function of them.

One pass over batches, any order, and parts add up with `+`. With subjects the table keeps the
sums of each group of them, otherwise the cross products of rows.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.clusters import GROUPS


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over rows of p columns.

    Attributes:
        rows: the number of rows.
        total: (p,) sums.
        cross: (p, p) sums of products of the rows' columns; zeros where there are groups.
        groups: (G, p) sums by group of subjects, None where every row stands for itself.
        sizes: (G,) rows of each group, None without groups.
    """

    rows: int
    total: FloatArray
    cross: FloatArray
    groups: FloatArray | None = None
    sizes: FloatArray | None = None

    @classmethod
    def empty(cls, width: int) -> Self:
        """No rows of `width` columns."""
        return cls(0, np.zeros(width), np.zeros((width, width)))

    @classmethod
    def from_columns(cls, columns: FloatArray, groups: IntArray | None = None) -> Self:
        """The sums of columns (n, p), by the groups (n,) of their subjects where given."""
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
        """Both parts' sums.

        Raises:
            ValueError: where one part has subjects and the other has not.
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
        """The number of independent parts: groups with a row, or rows."""
        return self.rows if self.sizes is None else int(np.count_nonzero(self.sizes))

    def spread(self, coefficients: FloatArray) -> float:
        """The standard error of a statistic.

        Args:
            coefficients: (p,) its derivatives by the column sums, where the statistic does not
                change if all sums are multiplied: c @ total is then 0, and c @ row is a row's
                influence (delta method; Liang and Zeger 1986 for clusters).

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
