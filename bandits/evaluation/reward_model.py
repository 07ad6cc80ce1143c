"""The reward model: a ridge regression for each variant, cross-fitted.

Each row is predicted by a model that has not seen its split, and a subject's rows are all in one
split (Chernozhukov et al. 2018). The sums of a pass give the models of all splits at once, so the
model needs one pass and memory of the order splits x variants x features^2.
"""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray
from bandits.evaluation.log import Log
from bandits.evaluation.rows import CV_SPLITS, TargetRows

RIDGE = 1.0


def design(log: Log) -> FloatArray:
    """Return the features with a leading 1: (n, d + 1)."""
    ones = np.ones((len(log), 1))
    return ones if log.features is None else np.hstack([ones, log.features])


@dataclass(frozen=True, eq=False)
class ModelSums:
    """Sums of the reward model by split (S) and variant (K), with D = d + 1 features; they add.

    Attributes:
        gram: (S, K, D, D) products of features of the rows where the variant was shown.
        rewards: (S, K, D) features times reward of the same rows.
        targets: (S, K, D) features times the target's probability, of all rows.
    """

    gram: FloatArray
    rewards: FloatArray
    targets: FloatArray

    @classmethod
    def of(cls, rows: TargetRows, splits: int = CV_SPLITS) -> "ModelSums":
        """Return the sums of a batch.

        Raises:
            ValueError: the target's probabilities of the other variants are not known.
        """
        log, every = rows.log, rows.target.every
        if every is None:
            raise ValueError("a reward model needs the target's probabilities of every variant")
        x, counts, wide = design(log), log.counts, log.variants
        weighted = every if counts is None else every * counts[:, None]
        gram = np.zeros((splits, wide, x.shape[1], x.shape[1]))
        rewards, targets = np.zeros(gram.shape[:3]), np.zeros(gram.shape[:3])
        for split in range(splits):
            inside = rows.splits == split
            targets[split] = weighted[inside].T @ x[inside]
            for arm in range(wide):
                own = inside & (log.variant == arm)
                mine = x[own]
                times = mine if counts is None else mine * counts[own, None]
                gram[split, arm] = times.T @ mine
                rewards[split, arm] = log.reward[own] @ mine
        return cls(gram, rewards, targets)

    def __add__(self, other: "ModelSums") -> "ModelSums":
        """Return both parts' sums."""
        gram, rewards = self.gram + other.gram, self.rewards + other.rewards
        return ModelSums(gram, rewards, self.targets + other.targets)

    def fit(self, ridge: float = RIDGE) -> "RewardModel":
        """Return the models of all splits.

        A variant's coefficients are those of all variants together plus a deviation that is
        shrunk to 0 as by `ridge` rows: a variant that was hardly shown is predicted like the
        others, and a constant reward comes back exactly.
        """
        splits, arms, wide = self.rewards.shape
        coefficients, pulls = np.zeros(self.rewards.shape), np.zeros(self.rewards.shape)
        penalty = ridge * np.eye(wide)
        gram, rewards = self.gram.sum(axis=0), self.rewards.sum(axis=0)
        for split in range(splits):
            others, moments = gram - self.gram[split], rewards - self.rewards[split]
            pooled = _pooled(others.sum(axis=0), moments.sum(axis=0), penalty)
            elsewhere = np.arange(splits) != split
            for arm in range(arms):
                sides = np.stack([moments[arm] - others[arm] @ pooled, self.targets[split, arm]], 1)
                deviation, pull = np.linalg.solve(others[arm] + penalty, sides).T
                coefficients[split, arm] = pooled + deviation
                pulls[elsewhere, arm] += pull
        return RewardModel(coefficients, pulls)


def _pooled(gram: FloatArray, moments: FloatArray, penalty: FloatArray) -> FloatArray:
    free = penalty.copy()
    free[0, 0] = 0.0 if gram[0, 0] > 0.0 else 1.0  # the mean itself is not shrunk
    return np.asarray(np.linalg.solve(gram + free, moments), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Prediction:
    """Rewards that the model predicts for n rows, each from the other splits.

    Attributes:
        logged: (n,) of the logged variant.
        expected: (n,) under the target.
        implied: (n,) implied weight: how far the sum of `expected` over all rows moves with the
            row's own reward, to which it is linear (Chattopadhyay and Zubizarreta 2023).
    """

    logged: FloatArray
    expected: FloatArray
    implied: FloatArray


@dataclass(frozen=True, eq=False)
class RewardModel:
    """Cross-fitted ridge regressions.

    Attributes:
        coefficients: (S, K, D) for the rows of each split, from the other splits.
        pulls: (S, K, D) derivative of the summed expected rewards by a row's residual.
    """

    coefficients: FloatArray
    pulls: FloatArray

    @property
    def splits(self) -> int:
        """The count of splits S."""
        return len(self.coefficients)

    def predict(self, rows: TargetRows) -> Prediction | None:
        """Return the prediction; None where the target is known of the logged variant alone."""
        if rows.target.every is None:
            return None
        log, x = rows.log, design(rows.log)
        every = np.zeros((len(log), log.variants))
        for split, coefficients in enumerate(self.coefficients):
            inside = rows.splits == split
            every[inside] = x[inside] @ coefficients.T
        return Prediction(
            logged=every[np.arange(len(log)), log.variant],
            expected=np.asarray((rows.target.every * every).sum(axis=1), dtype=np.float64),
            implied=np.asarray(
                (x * self.pulls[rows.splits, log.variant]).sum(axis=1), dtype=np.float64
            ),
        )
