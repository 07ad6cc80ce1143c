"""The fit of a rhythm: the most probable parameters of each regularity, as far as that helps."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import minimize

from bandits.arrays import FloatArray
from nudge.domain.people.rhythm import Rhythm
from nudge.models.rhythm.likelihood import log_likelihood
from nudge.models.rhythm.purchase_sums import PurchaseSums

FEWEST: Final = 100
"""People with a repeat from which on there is a rhythm of a crowd."""
REGULARITIES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
SHAPES: Final = [0, 2]
"""Places of the two shapes among the parameters."""
SPREAD: Final = 2.0
"""Standard deviation of the logarithm of a shape before anything is seen: few crowds that were ever
fitted lie outside of a tenth to ten. Without it the likelihood of a short history is a flat ridge,
on which people may as well leave all at one rate."""
BOUNDS: Final = (-14.0, 14.0)
"""Of the parameters' logarithms."""


def fit_rhythm(sums: PurchaseSums, until: str) -> Rhythm | None:
    """Fit a rhythm to purchases; None where too few people came back.

    Args:
        sums: of the purchases.
        until: last day that was seen, ISO 8601.
    """
    if sums.comers_back < FEWEST:
        return None
    best: Rhythm | None = None
    for regularity in REGULARITIES:
        found = _fit(sums, regularity, until)
        if best is not None and found.log_likelihood <= best.log_likelihood:
            return best
        best = found
    return best


def _start(sums: PurchaseSums, regularity: int) -> FloatArray:
    """Return logarithms of parameters to begin with: the crowd's mean gap, and some who leave.

    Each regularity begins anew: the best place of the one before may be flat, and hold it there.
    """
    pace = max(float(sums.count @ sums.span) / sums.total, 1.0)
    longest = float(sums.age.max()) + 1.0
    return np.asarray(np.log([1.0, pace / regularity, 0.5, longest]))


def _fit(sums: PurchaseSums, regularity: int, until: str) -> Rhythm:
    def rhythm_of(place: FloatArray, found: float = 0.0) -> Rhythm:
        rate, scale, leaving, lasting = (float(one) for one in np.exp(place))
        crowd = sums.people, int(sums.total), until, found
        return Rhythm(regularity, rate, scale, leaving, lasting, *crowd)

    def loss(place: FloatArray) -> float:
        doubt = float(np.square(place[SHAPES] / SPREAD).sum()) / 2.0
        return (doubt - log_likelihood(rhythm_of(place), sums)) / sums.people

    start = _start(sums, regularity)
    found = minimize(loss, start, method="L-BFGS-B", bounds=[BOUNDS] * 4)
    return rhythm_of(found.x, log_likelihood(rhythm_of(found.x), sums))
