"""Width of the draws, the amount of exploration, from the data.

A draw moves every coefficient at once, and the score of an arm is a sum over terms: with T equally
uncertain terms its variance is T times that of one term. But only arms need to be tried, and one
visitor's outcome informs all who share a coefficient. So the standard deviation of a draw is that
of the posterior times
    width = WIDEST / sqrt(T),   T = sum of v / max of v,
where v is the mean posterior variance of the coefficients of each term that tells arms apart: T
is the number of terms that are uncertain together. Chapelle and Li 2011, section 3, found less
regret with draws narrower than the posterior; WIDEST was chosen in the worlds of docs/learning.md.
"""

import math

import numpy as np

from bandits.arrays import FloatArray
from bandits.learners.auto.model import LogisticModel

WIDEST = 0.5


def draw_width(model: LogisticModel, variance: FloatArray) -> float:
    """Return the width of draws for coefficients with these posterior variances (p,)."""
    count = len(model.design.terms)
    terms = 1 + model.design.term_of[model.ids]
    sums = np.bincount(terms, variance, 1 + count)[1:]
    mean = sums / np.maximum(np.bincount(terms, minlength=1 + count)[1:], 1)
    telling = np.array([term.kind != "level" for term in model.design.terms], dtype=np.bool_)
    unsure = mean[telling]
    most = float(unsure.max(initial=0.0))
    return WIDEST / math.sqrt(float(unsure.sum()) / most) if most > 0.0 else WIDEST
