"""Laplace approximation of the logistic posterior over one-hot features.

Newton's method on the penalised log-likelihood of weighted counts,
    sum y * eta - n * log(1 + exp(eta)) - 1/2 sum (beta - mean)**2 * precision,
whose inverse Hessian at the mode is the covariance of the normal approximation (MacKay 1992,
"The evidence framework applied to classification networks"; Chapelle and Li 2011 use it for
Thompson sampling). Each row has a few features only, so sums over rows are counts by feature.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bandits.arrays import AnyArray, FloatArray, IntArray

MOST_STEP = 3.0  # largest change of a coefficient in one step, on the logit scale
ENOUGH = 1e-3  # a step below this, in every coefficient, ends the search


@dataclass(frozen=True, eq=False)
class DesignMatrix:
    """Sparse design matrix of r rows over the p features that occur in them.

    Attributes:
        index: (r, T) features; p where the row has no feature of the term.
        count: number p of features.
    """

    index: IntArray
    count: int

    @cached_property
    def _pairs(self) -> list[IntArray]:
        """Pairs of each term's feature with those of the same and later terms, by row."""
        columns = np.ascontiguousarray(self.index.T)
        size = self.count + 1
        return [(column * size + columns[t:]).ravel() for t, column in enumerate(columns)]

    def eta(self, beta: FloatArray) -> FloatArray:
        """Return the linear predictor (r,) of coefficients (p,)."""
        found: FloatArray = np.append(beta, 0.0)[self.index].sum(axis=1)
        return found

    def sums(self, values: FloatArray) -> FloatArray:
        """Return sums (p,) of row values (r,) by feature, X' values."""
        terms = self.index.shape[1]
        sums = np.bincount(self.index.ravel(), np.repeat(values, terms), self.count + 1)
        return sums[:-1].astype(np.float64)

    def products(self, weights: FloatArray) -> FloatArray:
        """Return X' diag(weights) X (p, p) for row weights (r,)."""
        terms, size = self.index.shape[1], self.count + 1
        weight = np.broadcast_to(weights, (terms, len(weights))).reshape(-1)
        flat = np.zeros(size * size)
        for pairs in self._pairs:
            flat += np.bincount(pairs, weight[: len(pairs)], size * size)
        upper = flat.reshape(size, size)[:-1, :-1]
        both = upper + upper.T
        # A row has each feature once: pairs of a term with itself lie on the diagonal alone.
        both[np.diag_indices(self.count)] = np.diag(upper)
        return both


@dataclass(frozen=True, eq=False)
class PosteriorMode:
    """Mode and curvature of the posterior, which give its normal approximation.

    Attributes:
        beta: coefficients (p,) at the mode.
        information: (p, p) information of the data alone.
        hessian: (p, p) information plus the precision of the prior.
    """

    beta: FloatArray
    information: FloatArray
    hessian: FloatArray

    def with_precision(self, precision: FloatArray) -> "PosteriorMode":
        """Return these coefficients under a slightly different prior precision (p,)."""
        return PosteriorMode(
            self.beta, self.information, _add_precision(self.information, precision)
        )


def objective(
    rows: DesignMatrix, beta: FloatArray, trials: FloatArray, hits: FloatArray,
    mean: FloatArray, precision: FloatArray,
) -> float:  # fmt: skip
    """Return the penalised log-likelihood of coefficients (p,)."""
    eta = rows.eta(beta)
    penalty = ((beta - mean) ** 2 * precision).sum() / 2.0
    return float((hits * eta - trials * np.logaddexp(0.0, eta)).sum() - penalty)


def find_mode(
    rows: DesignMatrix, trials: FloatArray, hits: FloatArray, mean: FloatArray,
    precision: FloatArray, start: FloatArray, steps: int,
) -> PosteriorMode:  # fmt: skip
    """Find the posterior mode, in at most `steps` Newton steps from `start` (p,)."""
    beta, best = start, objective(rows, start, trials, hits, mean, precision)
    information = np.zeros((rows.count, rows.count))
    for _ in range(steps):
        rate = _rate(rows, beta)
        gradient = rows.sums(hits - trials * rate) - precision * (beta - mean)
        information = rows.products(trials * rate * (1.0 - rate))
        step = _limit_step(np.linalg.solve(_add_precision(information, precision), gradient))
        for _ in range(8):
            value = objective(rows, beta + step, trials, hits, mean, precision)
            if value >= best - 1e-9:
                break
            step /= 2.0
        beta, best = beta + step, value
        if np.abs(step).max() < ENOUGH:
            break
    return PosteriorMode(beta, information, _add_precision(information, precision))


@dataclass(frozen=True, eq=False)
class Eigendecomposition:
    """Eigendecomposition of an information matrix, scaled by the prior precision.

    It solves systems with any multiple of the matrix plus the precision.

    Attributes:
        first: information of the intercept, which every row has.
        root: (p,) precision ** -1/2.
        values: (p,) eigenvalues of root * information * root.
        vectors: (p, p) its eigenvectors, by column.
    """

    first: float
    root: FloatArray
    values: FloatArray
    vectors: FloatArray

    @classmethod
    def build(cls, information: FloatArray, precision: FloatArray) -> "Eigendecomposition":
        """Return the decomposition of an information matrix (p, p) and a precision (p,)."""
        root = 1.0 / np.sqrt(precision)
        values, vectors = np.linalg.eigh(root[:, None] * information * root)
        return cls(float(information[0, 0]), root, values, vectors)

    def solve(self, share: float, right: FloatArray) -> FloatArray:
        """Return the solution (p,) of (share * information + precision) x = right."""
        inner = (self.vectors.T @ (self.root * right)) / (share * self.values + 1.0)
        return np.asarray(self.root * (self.vectors @ inner), dtype=np.float64)


def near_mode(
    rows: DesignMatrix, trials: FloatArray, hits: FloatArray, mean: FloatArray,
    precision: FloatArray, start: FloatArray, factors: Eigendecomposition, steps: int,
) -> FloatArray:  # fmt: skip
    """Return approximate coefficients (p,) at the mode, by steps that reuse one information matrix.

    The matrix is scaled to these counts. A step has a tenth of the cost of a Newton step, and is
    accurate enough to score a half-life.
    """
    beta, best = start, objective(rows, start, trials, hits, mean, precision)
    rate = _rate(rows, beta)
    share = float((trials * rate * (1.0 - rate)).sum()) / max(factors.first, 1e-12)
    for _ in range(steps):
        gradient = rows.sums(hits - trials * _rate(rows, beta)) - precision * (beta - mean)
        step = _limit_step(factors.solve(share, gradient))
        value = objective(rows, beta + step, trials, hits, mean, precision)
        if value < best:
            step /= 4.0
            value = objective(rows, beta + step, trials, hits, mean, precision)
        if value < best or np.abs(step).max() < 10 * ENOUGH:
            break
        beta, best = beta + step, value
    return beta


def _rate(rows: DesignMatrix, beta: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-rows.eta(beta))), dtype=np.float64)


def _add_precision(information: FloatArray, precision: FloatArray) -> FloatArray:
    hessian = information.copy()
    hessian[np.diag_indices(len(precision))] += precision
    return hessian


def _limit_step(step: AnyArray) -> FloatArray:
    most = max(float(np.abs(step).max()), 1e-12)
    return np.asarray(step * min(1.0, MOST_STEP / most), dtype=np.float64)
