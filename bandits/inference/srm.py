"""Sample-ratio mismatch: a test of arm counts against the logged propensities.

For each arm S = sum(1{A = a} - e_a) is a martingale with the predictable variance
V = sum(e_a (1 - e_a)), whatever the policy learned on the way.
"""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray

ALPHA = 0.0005  # half of the one in a thousand that is promised
RHO = 100.0  # the boundary is tightest when V is near this; it is valid at every V


@dataclass(frozen=True, eq=False)
class RatioSums:
    """Sums of the mismatch test by arm, (..., K) each, which add over partitions and time.

    Attributes:
        excess: S, the draws of the arm less its propensities.
        variance: V, the predictable variance of S.
    """

    excess: FloatArray
    variance: FloatArray

    def __add__(self, other: "RatioSums") -> "RatioSums":
        """Return the sum of both parts."""
        return RatioSums(self.excess + other.excess, self.variance + other.variance)


def ratio_sums(arms: IntArray, pmf: FloatArray) -> RatioSums:
    """Return the sums of n decisions: arms (n,) with their logged distributions (n, K)."""
    counts = np.bincount(arms, minlength=pmf.shape[1])
    return RatioSums(counts - pmf.sum(axis=0), (pmf * (1.0 - pmf)).sum(axis=0))


def z_scores(sums: RatioSums) -> FloatArray:
    """Return the scores z = S / sqrt(V) by arm (..., K); 0 where V is 0.

    They hold for one look, at a sample size set in advance.
    """
    return np.asarray(sums.excess / np.sqrt(np.where(sums.variance > 0.0, sums.variance, np.inf)))


def mismatch(sums: RatioSums, alpha: float = ALPHA) -> bool:
    """Return whether any arm's count contradicts its propensities; see `mismatches`."""
    return bool(mismatches(sums, alpha).any())


def mismatches(sums: RatioSums, alpha: float = ALPHA) -> BoolArray:
    """Return whether any arm's count contradicts its propensities (...), valid at every look.

    The bound is Robbins' normal mixture with Bernstein's correction: |S| ever crosses
    l / 6 + sqrt((V + rho) l + (l / 6)^2), l = log((V + rho) / (rho alpha^2)), with a probability
    of at most alpha (asymptotically; Howard et al. 2021, eq. 14), here divided among the arms. One
    assignment moves S by at most 1; without the correction an arm at the floor, whose S is skew,
    raises too many alarms.
    """
    each = alpha / sums.excess.shape[-1]
    scale = sums.variance + RHO
    log = np.log(scale / (RHO * each**2))
    bound = log / 6.0 + np.sqrt(scale * log + (log / 6.0) ** 2)
    return np.asarray((np.abs(sums.excess) > bound).any(axis=-1))
