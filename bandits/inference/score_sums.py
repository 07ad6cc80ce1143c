"""Sums of AIPW scores over the blocks of a log, weighted by their precision.

The score of arm a in a row is m_a + 1{A = a} (Y - m_a) / e_a with the logged propensity e_a and a
prediction m_a made before the block. For each pair of arms a block's scores have the weight
1 / (variance of their difference), which the predictions and the logged probabilities give before
any reward is seen (Bibaut et al. 2021; Waudby-Smith et al. 2022, section 3). So what is estimated
is an average over time in which blocks count by what they tell, and all visitors of a block alike.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.arm_blocks import ArmBlocks
from bandits.inference.arm_table import ArmTable, sum_places
from bandits.inference.prediction import RewardPrediction, predict_rewards

RELATIVE = 16.0
"""Mixing parameter in 1 / mean^2: tightest for differences of a tenth to a half of the mean."""
LEAST_HITS = 10.0
"""Rewards an arm, after which the mean that scales the mixing parameter is fixed."""


@dataclass(frozen=True, eq=False)
class ScoreSums:
    """Sums of K arms' scores; entry (a, b) is of arm a, with the weights of the pair (a, b).

    Leading axes are those of several looks at one log.

    Attributes:
        weight: (..., K, K) sum of the weights L; symmetric.
        value: (..., K, K) sum of L times score.
        predicted: (..., K, K) sum of L^2 times the predicted variance of the score.
        observed: (..., K, K) sum of L^2 w^2 (Y - m)^2.
        third: (..., K, K) sum of L^3 times the predicted third moment.
        between: (..., K) variance of the visitors' predicted means, with an arm's own weights.
        mean: (...) pooled mean of a reward, by which the mixing parameter is scaled.
    """

    weight: FloatArray
    value: FloatArray
    predicted: FloatArray
    observed: FloatArray
    third: FloatArray
    between: FloatArray
    mean: FloatArray

    @property
    def variance(self) -> FloatArray:
        """The larger of predicted and observed variance: (..., K, K)."""
        return np.maximum(self.predicted, self.observed)

    def at(self, look: int) -> ScoreSums:
        """Return the sums at one look."""
        return ScoreSums(*(np.asarray(getattr(self, one.name)[look]) for one in fields(self)))


@dataclass(frozen=True, eq=False)
class ScoreSteps:
    """Sums of K arms' scores in each of T blocks, in the order of time.

    Attributes:
        block: (T,) number of the block.
        rows: (T,) exposures.
        columns: (T, 6, K) of `_columns`.
        mean: (T,) pooled mean of a reward up to the block, fixed from the tenth reward an arm on.
    """

    block: IntArray
    rows: FloatArray
    columns: FloatArray
    mean: FloatArray

    def until(self, ends: IntArray) -> ScoreSums:
        """Return the sums at D looks.

        Args:
            ends: (D,) number of the last block of each look, ascending; none is before the first.
        """
        value, predicted, observed, third, mean, square = np.moveaxis(self.columns, 1, 0)
        rows = self.rows[:, None]
        single = predicted / rows
        pair = single[:, :, None] + single[:, None, :]
        arms = np.arange(single.shape[1])
        pair[:, arms, arms] = single
        by_pair = 1.0 / pair
        between = (square - mean**2 / rows) * by_pair[:, arms, arms] ** 2
        # The places behind each look's last block.
        behind = np.searchsorted(self.block, ends, side="right")

        def looks(column: FloatArray) -> FloatArray:
            return np.asarray(column.cumsum(axis=0)[behind - 1])

        return ScoreSums(
            weight=looks(rows[:, :, None] * by_pair),
            value=looks(by_pair * value[:, :, None]),
            predicted=looks(by_pair**2 * predicted[:, :, None]),
            observed=looks(by_pair**2 * observed[:, :, None]),
            third=looks(by_pair**3 * third[:, :, None]),
            between=looks(np.maximum(between, 0.0)),
            mean=self.mean[behind - 1],
        )


_KEPT: Final[WeakKeyDictionary[ArmBlocks, dict[float | None, ScoreSteps]]] = WeakKeyDictionary()
"""Scores of blocks that are still in use: a verdict and its intervals take the same ones."""


def score_sums(blocks: ArmBlocks, unit: float | None = None) -> ScoreSums:
    """Return the sums of scores of a log.

    Args:
        blocks: N pairs, at least one.
        unit: size of an ordinary reward; None takes that of the rewards seen.
    """
    steps = score_steps(blocks, unit)
    return steps.until(steps.block[-1:]).at(0)


def score_steps(blocks: ArmBlocks, unit: float | None = None) -> ScoreSteps:
    """Return the scores of each block of a log, in one pass.

    A block's predictions are made of the blocks before it, so that the sums up to a block are those
    of a log that ended there. Without a unit only the size of an ordinary reward is that of the
    whole log.

    Args:
        blocks: N pairs, at least one.
        unit: size of an ordinary reward; None takes that of the rewards seen.
    """
    kept = _KEPT.setdefault(blocks, {})
    if unit not in kept:
        kept[unit] = _steps(blocks, unit)
    return kept[unit]


def _steps(blocks: ArmBlocks, unit: float | None) -> ScoreSteps:
    guess = predict_rewards(blocks, unit)
    numbers, place = np.unique(blocks.block, return_inverse=True)
    columns = _columns(guess, blocks)
    by_block = sum_places(columns, place, len(numbers))
    rows = np.bincount(place, blocks.table.rows).astype(np.float64)
    return ScoreSteps(numbers, rows, by_block, _scales(blocks.table, place, unit))


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


def _scales(table: ArmTable, place: IntArray, unit: float | None) -> FloatArray:
    """Return the mean reward (T,) up to each block, at most up to that with the tenth an arm."""

    def so_far(column: FloatArray) -> FloatArray:
        return np.bincount(place, column.sum(axis=1)).cumsum()

    reward, shown = np.abs(so_far(table.reward)), so_far(table.shown)
    found = (reward + (unit or 0.0)) / np.maximum(shown, 1.0)
    enough = np.flatnonzero(so_far(table.hits) >= LEAST_HITS * table.hits.shape[1])
    if len(enough):
        found[enough[0] :] = found[enough[0]]
    return np.asarray(found)
