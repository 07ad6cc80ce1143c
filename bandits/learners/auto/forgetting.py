"""Which half-life predicts best, and since when.

Models that forget at several rates are judged by what they would have predicted: at each of a
few past times a model is fitted to what lay before it, and scored by the log-likelihood of the
mature exposures up to the next time (prequential: Dawid 1984).
"""

import math

import numpy as np

from bandits.arrays import FloatArray

HOUR, DAY = 3600.0, 86400.0
HALF_LIVES = (math.inf, 20 * DAY, 7 * DAY, 2 * DAY, 12 * HOUR, 3 * HOUR)
BELIEF = (0.4, 0.25, 0.19, 0.09, 0.05, 0.02)  # in each, before any data: long memories are the rule
SWITCH = 0.01  # chance from one block to the next that another half-life becomes the right one
STEP = 2 * HOUR
LEVEL = 0.3  # spread, on the logit scale, of what moves all arms of a block alike


def list_judging_times(first: float, at: float, per_width: int) -> list[float]:
    """The times at which models are judged, ascending, after `first` and not after `at`.

    At fixed places, 2 hours apart of late and twice as far whenever the age is above `per_width`
    of the present width, so that there are few and what was judged once need not be again.
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


def block_score(eta: FloatArray, trials: FloatArray, hits: FloatArray) -> float:
    """The log-likelihood of a block's rows (r,), its common level fitted under N(0, LEVEL**2).

    A payday or a holiday lifts all arms; that is no reason to forget what is known of them.
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
    """Weights (H,) of half-lives after blocks with log-likelihoods (B, H), oldest first.

    Fixed share (Herbster and Warmuth 1998, "Tracking the best expert"): after each block a share
    SWITCH of the weight is spread anew, so that an old lead cannot outweigh a change of late.
    """
    belief = np.array(BELIEF[: scores.shape[1]])
    weights: FloatArray = belief / belief.sum()
    belief = weights
    for row in scores:
        grown = weights * np.exp(row - row.max())
        weights = (1.0 - SWITCH) * grown / grown.sum() + SWITCH * belief
    return weights
