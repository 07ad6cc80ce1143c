"""Predictions of the rewards of each block from the blocks before it.

An arm's mean in a stratum is shrunk towards the mean of all arms there, and that towards the mean
of all strata, each by the weight of 10 rewards: an arm that a stratum rarely sees is taken to vary
as the stratum does. The first block has no past. Its rewards are pooled over the arms, so that for
equal arms the prediction says nothing about who was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.arm_blocks import ArmBlocks
from bandits.inference.arm_table import ArmTable

PRIOR_HITS = 10.0
"""Weight of the wider mean, in rewards."""
_COLUMNS = ("shown", "hits", "reward", "square", "cube")


@dataclass(frozen=True, eq=False)
class RewardPrediction:
    """Predictions for N pairs of block and stratum, in their order.

    Attributes:
        mean: (N, K) of a reward of the arm.
        variance: (N, K) of a reward about `mean`.
        size: (N,) ratio of the third to the second moment of a reward.
    """

    mean: FloatArray
    variance: FloatArray
    size: FloatArray


def predict_rewards(blocks: ArmBlocks, unit: float | None = None) -> RewardPrediction:
    """Predict mean, variance and size of the rewards of each block and stratum.

    Args:
        blocks: N pairs, at least one.
        unit: size of an ordinary reward; None takes that of the rewards seen.
    """
    arm = np.stack([getattr(blocks.table, name) for name in _COLUMNS])  # (5, N, K)
    pooled = arm.sum(axis=2)
    first = blocks.block == blocks.block.min()
    every = _before(np.zeros_like(blocks.block), blocks.block, pooled[..., None])[..., 0]
    every = np.where(first, pooled[:, first].sum(axis=1)[:, None], every)
    both = _before(blocks.stratum, blocks.block, np.concatenate([arm, pooled[..., None]], axis=2))
    own, around = both[..., :-1], np.where(first, pooled, both[..., -1])
    one = _ordinary(pooled.sum(axis=1), unit)
    every = every + one[:, None]  # one more row, with an ordinary reward
    level = _shrink(around, every)
    found = _shrink(own, level[..., None])
    mean, second = found[2] / found[0], found[3] / found[0]
    spread = np.maximum(second - mean**2, 1e-12 * second)
    return RewardPrediction(mean, spread, every[4] / every[3])


def score_variances(blocks: ArmBlocks, unit: float | None = None) -> tuple[FloatArray, FloatArray]:
    """Return the arms' smoothed means (K,), and the variances (K,) of the sums of w (Y - mean).

    Mean and variance of a reward are those of its stratum, shrunk as above but with all rewards of
    the log: the few rewards of an arm that is rarely shown do not tell how much they vary.

    Args:
        blocks: N pairs, at least one.
        unit: size of an ordinary reward; None takes that of the rewards seen.
    """
    table, found, _ = _strata_sums(blocks, unit)
    first, second = found[2] / found[0], found[3] / found[0]
    rows = table.rows[:, None]
    mean = np.asarray((rows * first).sum(axis=0) / rows.sum())
    spread = np.maximum(second - 2.0 * mean * first + mean**2, 0.0)
    return mean, np.asarray((spread * table.inverse).sum(axis=0))


def payment_counts(blocks: ArmBlocks) -> tuple[FloatArray, FloatArray]:
    """Return the expected numbers (N, K) of rewards, and one over the propensities (N, K).

    The rates are those of the stratum, shrunk as above with all rewards of the log.

    Args:
        blocks: N pairs, at least one.
    """
    _, found, place = _strata_sums(blocks, None)
    rows = blocks.table.rows[:, None]
    weight = np.maximum(blocks.table.inverse / np.maximum(rows, 1.0), 1.0)
    return np.asarray(rows / weight * (found[1] / found[0])[place]), weight


def _strata_sums(blocks: ArmBlocks, unit: float | None) -> tuple[ArmTable, FloatArray, IntArray]:
    """Return the table (S, K) of strata, their shrunk sums (5, S, K), and each pair's stratum."""
    strata, place = np.unique(blocks.stratum, return_inverse=True)
    table = blocks.table.group(place, len(strata))
    arm = np.stack([getattr(table, name) for name in _COLUMNS])
    pooled = arm.sum(axis=2)
    total = pooled.sum(axis=1)
    every = (total + _ordinary(total, unit))[:, None]
    return table, _shrink(arm, _shrink(pooled, every)[..., None]), place


def _shrink(sums: FloatArray, wider: FloatArray) -> FloatArray:
    """Add to sums (5, ...) as many rows of the wider sums (5, ...) as have 10 rewards."""
    return np.asarray(sums + wider * (PRIOR_HITS / wider[1]))


def _ordinary(total: FloatArray, unit: float | None) -> FloatArray:
    """Return the sums (5,) of one row with an ordinary reward."""
    if unit is not None or total[1] <= 0.0:
        size = 1.0 if unit is None else unit
        return np.array([1.0, 1.0, size, size**2, size**3])
    return np.array([1.0, 1.0, *(total[2:] / total[1])])


def _before(stratum: IntArray, block: IntArray, columns: FloatArray) -> FloatArray:
    """Return sums (5, N, C) of columns (5, N, C) over the earlier blocks of the same stratum."""
    order = np.lexsort((block, stratum))
    s, b = stratum[order], block[order]
    new_stratum = np.r_[True, s[1:] != s[:-1]]
    new_block = new_stratum | np.r_[True, b[1:] != b[:-1]]
    # What was summed up when the stratum, and when the block, began.
    places = np.arange(len(order))
    began = np.maximum.accumulate(np.where(new_stratum, places, 0))
    at_block = np.maximum.accumulate(np.where(new_block, places, 0))
    back = np.empty_like(order)
    back[order] = places
    out = np.empty_like(columns)
    for column, found in zip(columns, out, strict=True):
        sums = np.zeros((len(order) + 1, column.shape[1]))
        np.cumsum(column[order], axis=0, out=sums[1:])
        found[:] = (sums[at_block] - sums[began])[back]
    return np.maximum(out, 0.0, out=out)
