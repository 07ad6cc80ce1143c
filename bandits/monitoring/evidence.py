"""Evidence of a step: logarithm of a likelihood ratio of counts under two means.

A count is negative binomial (Poisson around a mean that itself varies), or binomial where it varies
less than a Poisson count; one formula serves both. The ratio for a smaller mean falls with the
count, so its expectation is at most 1 wherever the mean is not below the first one.
"""

from typing import Final

import numpy as np

from bandits.arrays import FloatArray

NEAR_POISSON: Final = 1e-9


def weigh_counts(
    counts: FloatArray, mean: FloatArray, ratio: FloatArray, variance: FloatArray
) -> FloatArray:
    """Return the log likelihood ratio of `ratio * mean` to `mean`.

    Args:
        counts: observed, of any shape that broadcasts.
        mean: of the count under the null.
        ratio: of the alternative's mean to the null's, positive.
        variance: relative variance over a Poisson count's: 0 for one, below 0 for a binomial one.
    """
    least = np.maximum(variance, -0.9 / np.maximum(mean * np.maximum(ratio, 1.0), 1e-12))
    shape = 1.0 / np.where(np.abs(least) < NEAR_POISSON, NEAR_POISSON, least)
    other = mean * ratio
    scale = np.log1p((mean - other) / (other + shape))
    return np.asarray(counts * (np.log(ratio) + scale) + shape * scale)


def add_start(logs: FloatArray) -> FloatArray:
    """Return log(1 + exp(x)): the evidence of all starts so far, and of a start now."""
    return np.asarray(np.maximum(logs, 0.0) + np.log1p(np.exp(-np.abs(logs))))
