"""Forgetting: weights of candidate half-lives by their predictive likelihood.

At each of a few past times a model with each half-life is fitted to the counts before it, and
scored by the log-likelihood of the mature exposures up to the next time (prequential: Dawid 1984).
"""

import math

import numpy as np

from bandits.arrays import FloatArray
from bandits.units import DAY, HOUR

HALF_LIVES = (math.inf, 20.0 * DAY, 7.0 * DAY, 2.0 * DAY, 12.0 * HOUR, 3.0 * HOUR)
BELIEF = (0.4, 0.25, 0.19, 0.09, 0.05, 0.02)  # prior weights; long half-lives are the most frequent
SWITCH = 0.01  # probability of another best half-life from one interval to the next
STEP = 2.0 * HOUR
LEVEL = 0.3  # logit spread of the shift that all arms share in an interval


def list_judging_times(first: float, at: float, per_width: int) -> list[float]:
    """Return the times at which models are scored, ascending, after `first` and not after `at`.

    The times lie on a fixed grid, so that a score can be reused: 2 hours apart for recent ages,
    and twice as far apart whenever the age reaches `per_width` times the present width.

    Args:
        first: start of the counts in seconds.
        at: time of the fit in seconds.
        per_width: about the number of times of each width.
    """
    found: list[float] = []
    width = STEP
    edge = math.floor(at / width) * width
    while edge > first:
        found.append(edge)
        while at - edge >= per_width * width:
            width *= 2.0
        edge = math.floor((edge - 1e-6) / width) * width
    return found[::-1]


def score_interval(eta: FloatArray, trials: FloatArray, hits: FloatArray) -> float:
    """Return the log-likelihood of an interval's rows (r,), with a shift of all arms fitted to it.

    The shift is fitted under N(0, LEVEL**2): a payday or a holiday raises all arms, and that is no
    reason to forget their order.

    Args:
        eta: (r,) predicted logits.
        trials: (r,) exposures.
        hits: (r,) conversions.
    """
    seen = trials > 0.0
    eta, trials, hits = eta[seen], trials[seen], hits[seen]
    level = 0.0
    for _ in range(4):
        rate = 1.0 / (1.0 + np.exp(-(eta + level)))
        slope = float((hits - trials * rate).sum()) - level / LEVEL**2
        level += slope / (float((trials * rate * (1.0 - rate)).sum()) + 1.0 / LEVEL**2)
        level = float(np.clip(level, -3.0, 3.0))
    score = (hits * (eta + level) - trials * np.logaddexp(0.0, eta + level)).sum()
    return float(score) - level**2 / (2.0 * LEVEL**2)


def track_weights(scores: FloatArray) -> FloatArray:
    """Return weights (H,) of half-lives after intervals with log-likelihoods (B, H), oldest first.

    Fixed share (Herbster and Warmuth 1998, "Tracking the best expert"): after each interval a share
    SWITCH of the weight returns to the prior weights, so that an old lead cannot outweigh a recent
    change.
    """
    belief = np.array(BELIEF[: scores.shape[1]])
    weights: FloatArray = belief / belief.sum()
    belief = weights
    for row in scores:
        grown = weights * np.exp(row - row.max())
        weights = (1.0 - SWITCH) * grown / grown.sum() + SWITCH * belief
    return weights
