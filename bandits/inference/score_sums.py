"""Sums of AIPW scores over the blocks of a log, weighted by their precision.

The score of arm a in a row is m_a + 1{A = a} (Y - m_a) / e_a with the logged propensity e_a and a
prediction m_a made before the block. For each pair of arms a block's scores have the weight
1 / (variance of their difference), which the predictions and the logged probabilities give before
any reward is seen (Bibaut et al. 2021; Waudby-Smith et al. 2022, section 3). So what is estimated
is an average over time in which blocks count by what they tell, and all visitors of a block alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference.arm_blocks import ArmBlocks
from bandits.inference.arm_table import sum_places
from bandits.inference.prediction import RewardPrediction, predict_rewards

RELATIVE = 16.0
"""Mixing parameter in 1 / mean^2: tightest for differences of a tenth to a half of the mean."""
LEAST_HITS = 10.0
"""Rewards an arm, after which the mean that scales the mixing parameter is fixed."""


@dataclass(frozen=True, eq=False)
class ScoreSums:
    """Sums of K arms' scores; entry (a, b) is of arm a, with the weights of the pair (a, b).

    Attributes:
        weight: (K, K) sum of the weights L; symmetric.
        value: (K, K) sum of L times score.
        predicted: (K, K) sum of L^2 times the predicted variance of the score.
        observed: (K, K) sum of L^2 w^2 (Y - m)^2.
        third: (K, K) sum of L^3 times the predicted third moment.
        between: (K,) variance of the visitors' predicted means, with an arm's own weights.
        mean: pooled mean of a reward, by which the mixing parameter is scaled.
    """

    weight: FloatArray
    value: FloatArray
    predicted: FloatArray
    observed: FloatArray
    third: FloatArray
    between: FloatArray
    mean: float

    @property
    def variance(self) -> FloatArray:
        """The larger of predicted and observed variance: (K, K)."""
        return np.maximum(self.predicted, self.observed)


def score_sums(blocks: ArmBlocks, unit: float | None = None) -> ScoreSums:
    """Return the sums of scores of a log.

    Args:
        blocks: N pairs, at least one.
        unit: size of an ordinary reward; None takes that of the rewards seen.
    """
    guess, table = predict_rewards(blocks, unit), blocks.table
    _, place = np.unique(blocks.block, return_inverse=True)
    columns = _columns(guess, blocks)
    by_block = sum_places(columns, place, int(place.max()) + 1)
    value, predicted, observed, third, mean, square = np.moveaxis(by_block, 1, 0)
    rows = np.bincount(place, table.rows)[:, None]
    single = predicted / rows
    pair = single[:, :, None] + single[:, None, :]
    arms = np.arange(single.shape[1])
    pair[:, arms, arms] = single
    by_pair = 1.0 / pair
    between = (square - mean**2 / rows) * by_pair[:, arms, arms] ** 2
    return ScoreSums(
        weight=(rows[:, :, None] * by_pair).sum(axis=0),
        value=np.einsum("tab,ta->ab", by_pair, value),
        predicted=np.einsum("tab,ta->ab", by_pair**2, predicted),
        observed=np.einsum("tab,ta->ab", by_pair**2, observed),
        third=np.einsum("tab,ta->ab", by_pair**3, third),
        between=np.maximum(between, 0.0).sum(axis=0),
        mean=_scale(blocks, unit),
    )


def _columns(guess: RewardPrediction, blocks: ArmBlocks) -> FloatArray:
    """Return columns (N, 6, K): score, variances, third moment, prediction and its square."""
    table, m = blocks.table, guess.mean
    rows = table.rows[:, None]
    square = table.value_square - 2.0 * m * table.weight_value + m**2 * table.weight_square
    return np.stack(
        [
            table.value - m * table.weight + m * rows,
            guess.variance * table.inverse,
            np.maximum(square, 0.0),
            guess.variance * guess.size[:, None] * table.inverse_square,
            m * rows,
            m**2 * rows,
        ],
        axis=1,
    )


def _scale(blocks: ArmBlocks, unit: float | None) -> float:
    """Return the mean reward of the first blocks, up to that with the tenth reward an arm."""
    table = blocks.table
    order = np.argsort(blocks.block, kind="stable")
    hits = table.hits.sum(axis=1)[order].cumsum()
    enough = np.flatnonzero(hits >= LEAST_HITS * table.hits.shape[1])
    until = blocks.block[order[enough[0]]] if len(enough) else blocks.block.max()
    part = table.take(blocks.block <= until)
    reward, shown = float(np.abs(part.reward.sum())), float(part.shown.sum())
    return (reward + (unit or 0.0)) / max(shown, 1.0)
