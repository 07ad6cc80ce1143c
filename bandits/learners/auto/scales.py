"""Scales of the terms, the prior spread of their coefficients, by empirical Bayes.

The prior of a term's coefficients is normal with the term's own scale s. MacKay's fixed point
for the marginal likelihood (1992, "Bayesian interpolation", section 4.4),
    s**2 = sum beta**2 / gamma,   gamma = sum (1 - variance / s**2),
counts a coefficient only as far as the data determine it. The start value s0 counts like WORTH
determined coefficients: without data the scale is s0, so an unknown arm is explored; with data
the scale follows them, so a term without effect adds no noise to the choice.
"""

import numpy as np

from bandits.arrays import FloatArray, IntArray

WORTH = 1.0
LEAST, MOST = 0.01, 3.0


def next_scales(
    scales: FloatArray,
    start: FloatArray,
    term_of: IntArray,
    deviation: FloatArray,
    variance: FloatArray,
) -> FloatArray:
    """Return the scales (T,) after one step of the fixed point.

    Args:
        scales: (T,) present scales of the terms.
        start: (T,) start values of the scales.
        term_of: (p,) the term of each coefficient, -1 for the intercept.
        deviation: (p,) coefficients less their prior means.
        variance: (p,) posterior variances of the coefficients.
    """
    inside = term_of >= 0
    terms = term_of[inside]
    gamma = np.clip(1.0 - variance[inside] / scales[terms] ** 2, 0.0, 1.0)
    known = np.bincount(terms, gamma, len(scales))
    square = np.bincount(terms, deviation[inside] ** 2, len(scales))
    found: FloatArray = np.sqrt((WORTH * start**2 + square) / (WORTH + known)).clip(LEAST, MOST)
    return found
