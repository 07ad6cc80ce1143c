"""The same answer from a log's sums: rows that a target and a model cannot tell apart are one.

A target sees a row's context and eligible variants, and so does the reward model. Of rows that
agree in these, in the variant drawn and in the fold, only sums are needed: a log of millions of
rows has thousands of such cells. A second pass sums by group of subjects what the first one's
model foretells, for the variance.
"""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.evaluation.answer import Evaluation
from bandits.evaluation.diagnostics import Diagnostics
from bandits.evaluation.direct import DirectMethod
from bandits.evaluation.doubly_robust import DoublyRobust, SelfNormalisedDoublyRobust
from bandits.evaluation.importance import InversePropensity, SelfNormalised
from bandits.evaluation.judged import Judged
from bandits.evaluation.log import Log
from bandits.evaluation.reward_model import RIDGE, ModelSums, RewardModel, design
from bandits.evaluation.target import Aim, Target
from bandits.inference.moments import Moments


@dataclass(frozen=True, eq=False)
class Cells:
    """C cells of a log.

    Attributes:
        log: one row a cell: its variant, eligible variants and features, and what a target needs;
            propensities and rewards are not looked at.
        folds: (C,) of the cell's subjects, in [0, F).
        rows: (C,) how many.
        rewards: (C,) sum of their rewards.
        count: F.
    """

    log: Log
    folds: IntArray
    rows: FloatArray
    rewards: FloatArray
    count: int = 5


@dataclass(frozen=True, eq=False)
class Foretold:
    """What is known of each cell (C,) before its rows are weighed.

    Attributes:
        kept: whether the target is defined there.
        aim: the target's probability of the variant drawn.
        predicted: the model's reward of it, from other folds.
        expected: the model's reward under the target, from other folds.
        implied: how much of a row's residual the model's mean takes up.
        mass: the target's probability of all variants, per row.
        unsupported: the part of it on variants that could not have been drawn.
        flawed: rows whose target probabilities are no distribution.
    """

    kept: FloatArray
    aim: FloatArray
    predicted: FloatArray
    expected: FloatArray
    implied: FloatArray
    mass: FloatArray
    unsupported: FloatArray
    flawed: FloatArray


@dataclass(frozen=True, eq=False)
class GroupSums:
    """Sums over the kept rows by group of subjects, with weight w, reward y and model m.

    Attributes:
        rows: (G,).
        weight: (G,) of w.
        reward: (G,) of w y.
        expected: (G,) of the model's reward under the target.
        surprise: (G,) of w (y - m).
        pull: (G,) of implied (y - m).
        weight_square: of w^2, of all rows.
        max_weight: of all rows.
        total: of y, of all rows.
        flawed: rows whose propensity is none, or not that of the logged distribution.
        shares: every reward is 0 or 1.
        positive: no reward is negative.
    """

    rows: FloatArray
    weight: FloatArray
    reward: FloatArray
    expected: FloatArray
    surprise: FloatArray
    pull: FloatArray
    weight_square: float
    max_weight: float
    total: float
    flawed: int
    shares: bool
    positive: bool


def foretold(cells: Cells, target: Target, ridge: float = RIDGE) -> Foretold:
    """Fit the reward model and ask the target.

    Raises:
        ValueError: where the target does not know its probabilities of all variants.
    """
    aim = target(cells.log)
    if aim.every is None:
        raise ValueError("cells need the target's probabilities of every variant")
    model = model_sums(cells, aim).fit(ridge)
    log = cells.log
    every = np.where(aim.kept[:, None], aim.every, 0.0)
    predictions = model.predict(log, cells.folds)
    off = (every < 0.0).any(axis=1) | (np.abs(every.sum(axis=1) - 1.0) > 1e-6)  # noqa: PLR2004
    return Foretold(
        kept=aim.kept.astype(np.float64),
        aim=np.where(aim.kept, aim.logged, 0.0),
        predicted=predictions[np.arange(len(log)), log.variant],
        expected=(every * predictions).sum(axis=1),
        implied=_implied(model, cells),
        mass=every.sum(axis=1),
        unsupported=np.where(log.possible(), 0.0, every).sum(axis=1),
        flawed=cells.rows * (aim.kept & off),
    )


def model_sums(cells: Cells, aim: Aim) -> ModelSums:
    """The reward model's sums, each cell as often as it has rows."""
    log, kept = cells.log, aim.kept
    every = np.zeros((len(log), log.variants)) if aim.every is None else aim.every
    x = design(log)
    shape = (cells.count, log.variants, x.shape[1])
    gram, rewards, aims = np.zeros((*shape, shape[2])), np.zeros(shape), np.zeros(shape)
    for fold in range(cells.count):
        inside = kept & (cells.folds == fold)
        aims[fold] = (every[inside] * cells.rows[inside, None]).T @ x[inside]
        for arm in range(log.variants):
            own = inside & (log.variant == arm)
            gram[fold, arm] = (x[own] * cells.rows[own, None]).T @ x[own]
            rewards[fold, arm] = cells.rewards[own] @ x[own]
    return ModelSums(gram, rewards, aims)


def judged(cells: Cells, told: Foretold, sums: GroupSums, level: float = 0.95) -> Evaluation:
    """The answer, from both passes."""
    ones, sizes = sums.rows, sums.rows

    def moments(*columns: FloatArray) -> Moments:
        stacked = np.stack(columns, axis=1)
        rows, wide = int(sizes.sum()), len(columns)
        if not rows:
            return Moments.empty(wide)
        total = np.asarray(stacked.sum(axis=0), dtype=np.float64)
        return Moments(rows, total, np.zeros((wide, wide)), stacked, sizes)

    diagnostics = Diagnostics(
        moments(ones, sums.weight),
        sums.weight_square,
        sums.total,
        sums.max_weight,
        float((cells.rows * told.mass * told.kept).sum()),
        float((cells.rows * told.unsupported * told.kept).sum()),
        int((cells.rows * (1.0 - told.kept)).sum()),
        bad_propensity=sums.flawed,
        bad_target=int(told.flawed.sum()),
        shares=sums.shares,
        positive=sums.positive,
    )
    return Judged(
        diagnostics,
        InversePropensity(moments(ones, sums.reward)),
        SelfNormalised(moments(sums.weight, sums.reward)),
        DirectMethod(moments(ones, sums.expected, sums.pull)),
        DoublyRobust(moments(ones, sums.expected + sums.surprise)),
        SelfNormalisedDoublyRobust(moments(ones, sums.expected, sums.weight, sums.surprise)),
    ).evaluation(level)


def _implied(model: RewardModel, cells: Cells) -> FloatArray:
    pulls = model.pulls[cells.folds, cells.log.variant]
    return np.asarray((design(cells.log) * pulls).sum(axis=1), dtype=np.float64)
