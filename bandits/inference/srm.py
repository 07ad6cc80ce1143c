"""Sample-ratio mismatch: do the arms come up as often as their logged propensities say?

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
    """Sums by arm, (..., K) each, which add over partitions and time."""

    excess: FloatArray
    variance: FloatArray

    def __add__(self, other: "RatioSums") -> "RatioSums":
        """The sums of both parts."""
        return RatioSums(self.excess + other.excess, self.variance + other.variance)


def ratio_sums(arms: IntArray, pmf: FloatArray) -> RatioSums:
    """The sums of n decisions: arms (n,) with their logged distributions (n, K)."""
    counts = np.bincount(arms, minlength=pmf.shape[1])
    return RatioSums(counts - pmf.sum(axis=0), (pmf * (1.0 - pmf)).sum(axis=0))


def z_scores(sums: RatioSums) -> FloatArray:
    """The scores z = S / sqrt(V) by arm (..., K); 0 where nothing could vary.

    For one look, at a size fixed before.
    """
    return np.asarray(sums.excess / np.sqrt(np.where(sums.variance > 0.0, sums.variance, np.inf)))


def mismatch(sums: RatioSums, alpha: float = ALPHA) -> bool:
    """Whether the shares contradict the propensities, at every look; see `mismatches`."""
    return bool(mismatches(sums, alpha).any())


def mismatches(sums: RatioSums, alpha: float = ALPHA) -> BoolArray:
    """Whether the shares contradict the propensities, (...), at every look.

    Robbins' normal mixture with Bernstein's correction: |S| crosses l / 6 + sqrt((V + rho) l +
    (l / 6)^2), l = log((V + rho) / (rho alpha^2)), ever with a probability of at most alpha
    (asymptotically; Howard et al. 2021, eq. 14), here divided among the arms. One assignment
    moves S by at most 1; without the correction an arm at the floor, whose S is skew, alarms
    too often.
    """
    each = alpha / sums.excess.shape[-1]
    scale = sums.variance + RHO
    log = np.log(scale / (RHO * each**2))
    bound = log / 6.0 + np.sqrt(scale * log + (log / 6.0) ** 2)
    return np.asarray((np.abs(sums.excess) > bound).any(axis=-1))
