"""The fit of a rhythm: maximum likelihood, for each regularity, as far as that helps."""

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
    start = _start(sums)
    for regularity in REGULARITIES:
        found, start = _fit(sums, regularity, start, until)
        if best is not None and found.log_likelihood <= best.log_likelihood:
            return best
        best = found
    return best


def _start(sums: PurchaseSums) -> FloatArray:
    """Return logarithms of parameters to begin with: rates of the crowd, as if nobody left."""
    pace = float(sums.count @ sums.span) / sums.total
    longest = float(sums.age.max()) + 1.0
    return np.asarray(np.log([1.0, max(pace, 1.0), 0.5, longest]))


def _fit(
    sums: PurchaseSums, regularity: int, start: FloatArray, until: str
) -> tuple[Rhythm, FloatArray]:
    def rhythm_of(place: FloatArray, found: float = 0.0) -> Rhythm:
        rate, scale, leaving, lasting = (float(one) for one in np.exp(place))
        crowd = sums.people, int(sums.total), until, found
        return Rhythm(regularity, rate, scale, leaving, lasting, *crowd)

    def loss(place: FloatArray) -> float:
        return -log_likelihood(rhythm_of(place), sums) / sums.people

    found = minimize(loss, start, method="L-BFGS-B", bounds=[BOUNDS] * 4)
    return rhythm_of(found.x, -float(found.fun) * sums.people), found.x
