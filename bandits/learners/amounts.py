"""Amounts per conversion: the second factor of the revenue objective."""

import numpy as np

from bandits.arrays import FloatArray
from bandits.counts import WeightedCounts

PRIOR_CONVERSIONS = 2.0


def amount_draws(
    weighted: WeightedCounts, arms: int, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return posterior draws (1, M, K) of each arm's mean reward per conversion, in fen.

    The posterior of each arm's mean, over all cells, is normal and shrunk towards the mean of all
    arms with the weight of two conversions; its variance is that of all arms' rewards together.
    Revenue per exposure is the draw of the rate times the draw of the amount. Without any
    conversion every amount is 1, so that the objective is the rate.

    Args:
        weighted: weighted counts by cell and arm.
        arms: number K of arms.
        draws: number M of draws.
        rng: source of the random numbers.
    """
    known = weighted.arms < arms
    index = weighted.arms[known]
    hits = np.maximum(np.bincount(index, weighted.conversions[known], arms), 0.0)
    reward = np.bincount(index, weighted.reward[known], arms)
    square = float(weighted.reward_sq[known].sum())
    if hits.sum() <= 0.0 or reward.sum() <= 0.0:
        return np.ones((1, draws, arms))
    mean_of_all = reward.sum() / hits.sum()
    variance = max(square / hits.sum() - mean_of_all**2, (0.1 * mean_of_all) ** 2)
    size = hits + PRIOR_CONVERSIONS
    mean = (reward + PRIOR_CONVERSIONS * mean_of_all) / size
    spread = np.sqrt(variance / size)
    noise = rng.standard_normal((1, draws, arms))
    return np.asarray(np.maximum(mean + spread * noise, 0.0), dtype=np.float64)
