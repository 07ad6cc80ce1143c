"""The likelihood of purchases under a rhythm, by one integral over the time of leaving.

A person's rates integrate to closed forms: what is left is a sum of positive terms, computed as
logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaln

from bandits.arrays import FloatArray
from nudge.domain.people.rhythm import Rhythm
from nudge.models.rhythm.purchase_sums import PurchaseSums

NODES: Final = 24
_PLACES, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)
PLACES: Final = ((_PLACES + 1.0) / 2.0)[:, None]
WEIGHTS: Final = (_WEIGHTS / 2.0)[:, None]
"""Nodes and weights of Gauss and Legendre on (0, 1), as columns."""
LEAST: Final = 1e-300


@dataclass(frozen=True, eq=False)
class LikelihoodParts:
    """The likelihood of each row of sums, as logarithms.

    Attributes:
        common: (n,) factor of both cases.
        stays: (n,) of those who have not left.
        left: (n,) of those who have.
    """

    common: FloatArray
    stays: FloatArray
    left: FloatArray

    @property
    def alive(self) -> FloatArray:
        """Probability of not having left (n,)."""
        return np.asarray(np.exp(self.stays - np.logaddexp(self.stays, self.left)))


def likelihood_parts(rhythm: Rhythm, sums: PurchaseSums) -> LikelihoodParts:
    """Return the likelihood of each row, but for the gaps' own part (`log_likelihood`)."""
    stages, scale, leaving = rhythm.regularity, rhythm.rate_scale, rhythm.leaving_shape
    shape, own = rhythm.rate_shape + stages * sums.repeats, scale + sums.span
    common = rhythm.rate_shape * np.log(scale) - gammaln(rhythm.rate_shape)
    common = common + gammaln(shape) - shape * np.log(own)
    stays = log_silence(shape, own, stages, sums.silent)
    stays = stays - leaving * np.log1p(sums.age / rhythm.leaving_scale)
    pace = stages * own / shape
    whole = np.log1p(sums.silent / pace)
    passed = pace * np.expm1(PLACES * whole)
    now = rhythm.leaving_scale + sums.span + passed
    height = log_silence(shape, own, stages, passed) - leaving * np.log(now / rhythm.leaving_scale)
    inside = WEIGHTS * whole * (pace + passed) / now * np.exp(height)
    left = np.log(np.maximum(leaving * inside.sum(axis=0), LEAST))
    return LikelihoodParts(common, stays, left)


def log_likelihood(rhythm: Rhythm, sums: PurchaseSums) -> float:
    """Return the log likelihood of all purchases."""
    parts, stages = likelihood_parts(rhythm, sums), rhythm.regularity
    people = parts.common + np.logaddexp(parts.stays, parts.left)
    gaps = (stages - 1) * sums.log_gaps - sums.total * float(gammaln(stages))
    return float(sums.count @ people) + gaps


def log_silence(
    shape: FloatArray, scale: FloatArray, regularity: int, passed: FloatArray
) -> FloatArray:
    """Return the log of the probability of no purchase for so many days, for who stays.

    Args:
        shape: (n,) of the distribution of a person's rate.
        scale: (n,) of the same.
        regularity: stages between two purchases.
        passed: (n,) or (m, n) days.
    """
    share = passed / (scale + passed)
    term = np.ones_like(share)
    total = np.ones_like(share)
    for stage in range(1, regularity):
        term = term * ((shape + stage - 1.0) / stage * share)
        total = total + term
    return np.asarray(np.log(total) - shape * np.log1p(passed / scale))
