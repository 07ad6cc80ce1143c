"""Boundaries that a sum ever crosses with a small probability only.

Robbins' normal mixture, |S| < sqrt((V + rho) log((V + rho) / (rho alpha^2))), is ever crossed
with probability alpha (Howard et al. 2021, eq. 14; with estimated variance asymptotically,
Waudby-Smith et al. 2024). Few conversions make S skew, so on the side to which it is skew the
boundary is Bernstein's, with the ratio c of third to second cumulant as scale (Howard et al. 2021,
sub-gamma case): l = log(...), u = c l / 6 + sqrt((V + rho) l + (c l / 6)^2).
"""

import numpy as np

from bandits.arrays import FloatArray


def boundary(
    variance: FloatArray, mixing: FloatArray, skew: FloatArray, alpha: float
) -> FloatArray:
    """Return the distance that a sum ever exceeds with a probability of at most alpha / 2.

    Args:
        variance: V (...), the variance of the sum.
        mixing: rho (...), in the unit of V.
        skew: c (...), third cumulant / second on this side; 0 for none.
        alpha: error probability of both sides together.
    """
    total = variance + mixing
    log = np.log(total / (mixing * alpha * alpha))
    shift = skew * log / 6.0
    return np.asarray(shift + np.sqrt(total * log + shift * shift))
