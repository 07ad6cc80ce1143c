"""Budget of false alarms: one bound for all streams of all monitors, shared by weight."""

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import FloatArray


def share_budget(per_year: float, steps_per_year: float, weights: ArrayLike) -> FloatArray:
    """Return the average run length (S,) in steps that each stream has to keep.

    A detector that alarms where its evidence reaches this number has at least this average run
    length, so at most `per_year` false alarms a year over all streams.

    Args:
        per_year: false alarms a year of the whole installation.
        steps_per_year: steps that a stream makes in a year.
        weights: (S,) shares of the streams, positive; they need not add up to 1.

    Raises:
        ValueError: a number is not positive and finite.
    """
    given = np.asarray(weights, dtype=np.float64)
    numbers = np.concatenate([given.ravel(), [per_year, steps_per_year]])
    if not (np.isfinite(numbers).all() and (numbers > 0.0).all()):
        raise ValueError("budget, steps and weights must be positive, finite numbers")
    share: FloatArray = given / given.sum()
    return np.asarray(steps_per_year / (per_year * share))
