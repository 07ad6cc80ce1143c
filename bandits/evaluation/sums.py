"""Sums over a log's rows, from which every estimator and every diagnostic is computed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from bandits.evaluation.reward_model import Prediction
from bandits.evaluation.rows import TargetRows
from bandits.inference.moments import Moments

COLUMNS: Final = ("rows", "weight", "reward", "expected", "surprise", "pull")
"""Summed of each row, with weight w, reward r and prediction m of the logged variant: 1, w, w r,
the expected reward under the target, w (r - m), and implied weight x (r - m)."""


@dataclass(frozen=True, eq=False)
class Support:
    """Sums that need the target, and what could have been drawn, but no propensity; they add.

    Attributes:
        target_mass: the target's probability summed over rows where the log tells what could
            have been drawn.
        unsupported_mass: the part of it on variants that could not.
        left_out: rows on which the target is not defined.
        bad_target: rows whose target probabilities are not a distribution.
    """

    target_mass: float = 0.0
    unsupported_mass: float = 0.0
    left_out: int = 0
    bad_target: int = 0

    @classmethod
    def of(cls, rows: TargetRows) -> "Support":
        """Return the sums of a batch."""
        log, every = rows.log, rows.target.every
        mass = unsupported = 0.0
        if every is not None and not (log.pmf is None and log.eligible is None):
            mass = log.total(every.sum(axis=1))
            unsupported = log.total(np.where(log.possible(), 0.0, every).sum(axis=1))
        return cls(mass, unsupported, rows.left_out, round(log.total(rows.bad_target())))

    def __add__(self, other: "Support") -> "Support":
        """Return both parts' sums."""
        return Support(
            self.target_mass + other.target_mass,
            self.unsupported_mass + other.unsupported_mass,
            self.left_out + other.left_out,
            self.bad_target + other.bad_target,
        )


@dataclass(frozen=True, eq=False)
class WeightedSums:
    """Sums that need the rows' propensities and rewards; they add.

    Attributes:
        moments: of COLUMNS; those of a model are 0 where there is none.
        weight_square: sum of w^2.
        max_weight: the largest w.
        reward: sum of the rewards.
        bad_propensity: rows whose propensity is not in (0, 1] or is not that of the logged pmf.
        bad_reward: rows whose reward is missing.
        shares: every reward is 0 or 1.
        positive: no reward is negative.
        predicted: every row has a prediction.
    """

    moments: Moments
    weight_square: float = 0.0
    max_weight: float = 0.0
    reward: float = 0.0
    bad_propensity: int = 0
    bad_reward: int = 0
    shares: bool = True
    positive: bool = True
    predicted: bool = True

    @classmethod
    def empty(cls) -> "WeightedSums":
        """Return the sums of no rows."""
        return cls(Moments.empty(len(COLUMNS)))

    @classmethod
    def of(cls, rows: TargetRows, prediction: Prediction | None) -> "WeightedSums":
        """Return the sums of a batch; a propensity that cannot be one gives the weight 0."""
        good, reward = rows.good_propensity(), rows.log.reward
        weights = np.where(good, rows.target.logged / np.where(good, rows.log.propensity, 1.0), 0.0)
        known = reward[~rows.unrewarded]
        return cls(
            Moments.from_columns(_columns(weights, reward, prediction), rows.groups),
            float((weights**2).sum()),
            float(weights.max(initial=0.0)),
            float(known.sum()),
            int(np.count_nonzero(~good)),
            int(np.count_nonzero(rows.unrewarded)),
            bool(((known == 0.0) | (known == 1.0)).all()),
            bool((known >= 0.0).all()),
            prediction is not None,
        )

    def __add__(self, other: "WeightedSums") -> "WeightedSums":
        """Return both parts' sums."""
        return WeightedSums(
            self.moments + other.moments,
            self.weight_square + other.weight_square,
            max(self.max_weight, other.max_weight),
            self.reward + other.reward,
            self.bad_propensity + other.bad_propensity,
            self.bad_reward + other.bad_reward,
            self.shares and other.shares,
            self.positive and other.positive,
            self.predicted and other.predicted,
        )


def _columns(weights: FloatArray, reward: FloatArray, prediction: Prediction | None) -> FloatArray:
    ones, none = np.ones(len(reward)), np.zeros(len(reward))
    model = (none, none, none)
    if prediction is not None:
        residual = reward - prediction.logged
        model = (prediction.expected, weights * residual, prediction.implied * residual)
    return np.stack([ones, weights, weights * reward, *model], axis=1)
