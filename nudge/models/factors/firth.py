"""Logistic regression with Firth's penalty: finite and nearly unbiased in small samples.

The penalty is half the log determinant of the information (Jeffreys' prior): D. Firth, "Bias
reduction of maximum likelihood estimates", Biometrika 80 (1993), section 3.3; for separated data
G. Heinze and M. Schemper, Statistics in Medicine 21 (2002). It has nothing to tune, and as n grows
the estimate is that of maximum likelihood, so that intervals from the information keep their level
(unlike those around a ridge or lasso estimate).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import expit

from bandits.arrays import FloatArray

STEPS: Final = 40
LONGEST: Final = 4.0
"""Longest step of a coefficient, on the logit scale of a standardised column."""
NEAR: Final = 1e-5
TINY: Final = 1e-8


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """A fitted model of k coefficients; the first is the intercept.

    Attributes:
        beta: (k,) coefficients.
        covariance: (k, k) inverse information.
        chance: (n,) of each person.
    """

    beta: FloatArray
    covariance: FloatArray
    chance: FloatArray


def fit_logistic(
    columns: FloatArray, left: FloatArray, near: FloatArray | None = None
) -> LogisticFit:
    """Fit a logistic regression with Firth's penalty.

    Args:
        columns: (n, k) with the intercept; no column is a sum of others.
        left: (n,) 1 or 0.
        near: coefficients of the fitted model of the first of these columns, where the search
            begins.
    """
    beta = np.zeros(columns.shape[1])
    if near is None:
        share = min(max(float(left.mean()), TINY), 1.0 - TINY)
        beta[0] = np.log(share / (1.0 - share))
    else:
        beta[: len(near)] = near
    for _ in range(STEPS):
        chance = expit(columns @ beta)
        factor, leverage = _information(columns, chance)
        score = columns.T @ (left - chance + leverage * (0.5 - chance))
        step = cho_solve(factor, score)
        beta = beta + step * min(1.0, LONGEST / max(float(np.abs(step).max()), TINY))
        if np.abs(step).max() < NEAR:
            break
    chance = expit(columns @ beta)
    factor, _ = _information(columns, chance)
    return LogisticFit(beta, cho_solve(factor, np.eye(len(beta))), chance)


def log_likelihood(fit: LogisticFit, left: FloatArray) -> float:
    """Return the log likelihood of who left (n,) under a fitted model, without the penalty."""
    chance = np.clip(np.where(left > 0.0, fit.chance, 1.0 - fit.chance), TINY, 1.0)
    return float(np.log(chance).sum())


def _information(
    columns: FloatArray, chance: FloatArray
) -> tuple[tuple[FloatArray, bool], FloatArray]:
    """Return the factored information, and each person's leverage (n,)."""
    weighted = columns * np.sqrt(chance * (1.0 - chance))[:, None]
    information = weighted.T @ weighted
    information[np.diag_indices_from(information)] += TINY * len(columns)
    factor = cho_factor(information, lower=True)
    half = solve_triangular(factor[0], weighted.T, lower=True)
    return factor, np.einsum("ij,ij->j", half, half)


def score_tests(
    fit: LogisticFit, columns: FloatArray, more: FloatArray, left: FloatArray
) -> FloatArray:
    """Return the score statistics z (m,) of columns that the model does not have.

    Rao's test: each column's score over its standard error, adjusted for the model's columns. A
    column that they make up gets 0.

    Args:
        fit: the model.
        columns: (n, k) those of the model.
        more: (n, m) one test each.
        left: (n,) 1 or 0.
    """
    weight = fit.chance * (1.0 - fit.chance)
    cross = (columns * weight[:, None]).T @ more
    whole = weight @ (more * more)
    variance = whole - np.einsum("ij,ij->j", cross, fit.covariance @ cross)
    own = variance > OWN_SHARE * np.maximum(whole - cross[0] ** 2 / weight.sum(), TINY)
    # Firth's estimate leaves its own columns a small score, which is no score of the others.
    rest = left - fit.chance
    score = rest @ more - (rest @ columns) @ (fit.covariance @ cross)
    found = np.where(own, score / np.sqrt(np.maximum(variance, TINY)), 0.0)
    return np.asarray(found, dtype=np.float64)


OWN_SHARE: Final = 0.01
"""Least share of a column's spread that no other column explains."""
