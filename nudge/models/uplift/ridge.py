"""Ridge regression whose penalty the data choose, from sums that add up over folds.

The weights have a normal prior of one spread; the spread maximises the marginal likelihood
(empirical Bayes; C. Bishop, Pattern Recognition and Machine Learning, 2006, section 3.5). Where the
columns tell nothing the spread is 0, and so are all weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray

SPREADS: Final = np.concatenate([[0.0], np.exp(np.linspace(-16.0, 2.0, 73))])
"""Variances of the prior that are tried, as multiples of the noise's variance."""
LEAST: Final = 1e-9
"""Variance below which columns make each other up, as a share of the largest."""


@dataclass(frozen=True, eq=False)
class RegressionSums:
    """Sums over people with k columns x and an outcome y; sums of disjoint people add up.

    Attributes:
        people: number.
        x: (k,) sum of the columns.
        y: sum of the outcome.
        xx: (k, k) sum of the columns' products.
        xy: (k,) sum of columns times outcome.
        yy: sum of the outcome's square.
    """

    people: int
    x: FloatArray
    y: float
    xx: FloatArray
    xy: FloatArray
    yy: float

    @classmethod
    def of(cls, columns: FloatArray, outcome: FloatArray) -> RegressionSums:
        """Return the sums of people: columns (n, k) and outcome (n,)."""
        return cls(
            len(outcome),
            columns.sum(axis=0),
            float(outcome.sum()),
            columns.T @ columns,
            columns.T @ outcome,
            float(outcome @ outcome),
        )

    def __add__(self, other: RegressionSums) -> RegressionSums:
        """Return the sums of both groups of people."""
        return RegressionSums(
            self.people + other.people,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.xy + other.xy,
            self.yy + other.yy,
        )


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """A fitted line.

    Attributes:
        base: outcome where every column is 0.
        weights: (k,) of the columns.
    """

    base: float
    weights: FloatArray

    def predict(self, columns: FloatArray) -> FloatArray:
        """Return the outcome expected of people with these columns (n, k)."""
        return self.base + columns @ self.weights


def fit_ridge(sums: RegressionSums) -> RidgeFit:
    """Fit a line; no people give 0, few give their mean.

    Args:
        sums: of the people.
    """
    n = sums.people
    if n == 0:
        return RidgeFit(0.0, np.zeros(len(sums.x)))
    middle, mean = sums.x / n, sums.y / n
    products = sums.xx - n * np.outer(middle, middle)
    shared = sums.xy - n * middle * mean
    values, vectors = np.linalg.eigh(products)
    kept = values > LEAST * max(float(values.max(initial=0.0)), 1e-300)
    values, vectors = values[kept], vectors[:, kept]
    parts = vectors.T @ shared
    spread = _likeliest(values, parts, max(sums.yy - n * mean * mean, 0.0), n)
    weights = vectors @ (parts * spread / (1.0 + spread * values))
    return RidgeFit(float(mean - middle @ weights), weights)


def _likeliest(values: FloatArray, parts: FloatArray, squares: float, people: int) -> float:
    """Return the prior's variance, in units of the noise, with the largest marginal likelihood.

    Args:
        values: (m,) eigenvalues of the columns' products.
        parts: (m,) columns times outcome, along the eigenvectors.
        squares: of the outcome around its mean.
        people: number.
    """
    if squares <= 0.0 or not len(values):
        return 0.0
    grown = 1.0 + SPREADS[:, None] * values
    told = (parts**2 * SPREADS[:, None] / grown).sum(axis=1)
    noise = np.maximum(squares - told, 1e-12 * squares)
    likelihood = -0.5 * ((people - 1) * np.log(noise) + np.log(grown).sum(axis=1))
    return float(SPREADS[int(likelihood.argmax())])
