"""The logistic posterior in Laplace's approximation, over one-hot features.

Newton's method on the penalised log-likelihood of weighted counts,
    sum y * eta - n * log(1 + exp(eta)) - 1/2 sum (beta - mean)**2 * precision,
whose inverse Hessian at the mode is the covariance of the normal approximation (MacKay 1992,
"The evidence framework applied to classification networks"; Chapelle and Li 2011 use it for
Thompson sampling). Each row has a few features only, so sums over rows are counts by feature.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bandits.arrays import FloatArray, IntArray

MOST_STEP = 3.0  # on the logit scale, in one step
ENOUGH = 1e-3  # a step below this, in every coefficient, ends the search


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a design with the p features that occur in them.

    Attributes:
        index: (r, T) features; p where the row has none of the term.
        count: p.
    """

    index: IntArray
    count: int

    @cached_property
    def _pairs(self) -> IntArray:
        first, second = np.triu_indices(self.index.shape[1])
        columns = np.ascontiguousarray(self.index.T)
        return (columns[first] * (self.count + 1) + columns[second]).ravel()

    def eta(self, beta: FloatArray) -> FloatArray:
        """The linear predictor (r,) of coefficients (p,)."""
        found: FloatArray = np.append(beta, 0.0)[self.index].sum(axis=1)
        return found

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums (p,) of row values (r,) by feature."""
        terms = self.index.shape[1]
        sums = np.bincount(self.index.ravel(), np.repeat(values, terms), self.count + 1)
        return sums[:-1].astype(np.float64)

    def products(self, weights: FloatArray) -> FloatArray:
        """X' diag(weights) X, (p, p)."""
        terms = self.index.shape[1]
        tiled = np.tile(weights, terms * (terms + 1) // 2)
        size = self.count + 1
        flat = np.bincount(self._pairs, tiled, size * size).astype(np.float64)
        upper = flat.reshape(size, size)[:-1, :-1]
        both = upper + upper.T
        # A row has each feature once: pairs of a term with itself lie on the diagonal alone.
        both[np.diag_indices(self.count)] = np.diag(upper)
        return both


@dataclass(frozen=True, eq=False)
class Mode:
    """The normal approximation: coefficients (p,) and the Hessian (p, p) there."""

    beta: FloatArray
    hessian: FloatArray


def objective(
    rows: Rows, beta: FloatArray, trials: FloatArray, hits: FloatArray,
    mean: FloatArray, precision: FloatArray,
) -> float:  # fmt: skip
    """The penalised log-likelihood."""
    eta = rows.eta(beta)
    penalty = ((beta - mean) ** 2 * precision).sum() / 2.0
    return float((hits * eta - trials * np.logaddexp(0.0, eta)).sum() - penalty)


def find_mode(
    rows: Rows, trials: FloatArray, hits: FloatArray, mean: FloatArray, precision: FloatArray,
    start: FloatArray, steps: int,
) -> Mode:  # fmt: skip
    """The mode, in at most `steps` Newton steps from `start`."""
    beta, best = start, objective(rows, start, trials, hits, mean, precision)
    hessian = np.diag(precision)
    for _ in range(steps):
        rate = 1.0 / (1.0 + np.exp(-rows.eta(beta)))
        gradient = rows.sums(hits - trials * rate) - precision * (beta - mean)
        hessian = rows.products(trials * rate * (1.0 - rate))
        hessian[np.diag_indices(rows.count)] += precision
        step = np.linalg.solve(hessian, gradient)
        step *= min(1.0, MOST_STEP / max(float(np.abs(step).max()), 1e-12))
        for _ in range(8):
            value = objective(rows, beta + step, trials, hits, mean, precision)
            if value >= best - 1e-9:
                break
            step /= 2.0
        beta, best = beta + step, value
        if np.abs(step).max() < ENOUGH:
            break
    return Mode(beta, hessian)
