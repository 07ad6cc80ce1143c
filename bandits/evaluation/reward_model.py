"""The reward model: a ridge regression for each variant, cross-fitted.

Each row is predicted by a model that has not seen its fold, and a subject's rows are all in one
fold (Chernozhukov et al. 2018). The sums of a pass give the models of all folds at once, so the
model needs one pass and memory of the order folds x variants x features^2.
"""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.evaluation.log import Log
from bandits.evaluation.target import Aim

RIDGE = 1.0


def design(log: Log) -> FloatArray:
    """The features with a leading 1: (n, d + 1)."""
    ones = np.ones((len(log), 1))
    return ones if log.features is None else np.hstack([ones, log.features])


@dataclass(frozen=True, eq=False)
class ModelSums:
    """Sums by fold (F) and variant (K), with D = d + 1 features.

    Attributes:
        gram: (F, K, D, D) products of features of the rows where the variant was shown.
        rewards: (F, K, D) features times reward of the same rows.
        aims: (F, K, D) features times the target's probability, of all rows.
    """

    gram: FloatArray
    rewards: FloatArray
    aims: FloatArray

    @classmethod
    def of(cls, log: Log, aim: Aim, folds: IntArray, count: int) -> "ModelSums":
        """The sums of a batch.

        Args:
            log: n rows, all of them kept by the aim.
            aim: what the target does on them, for every variant.
            folds: (n,) in [0, count).
            count: F.

        Raises:
            ValueError: where the target's probabilities of the other variants are not known.
        """
        if aim.every is None:
            raise ValueError("a reward model needs the target's probabilities of every variant")
        x, wide = design(log), log.variants
        gram = np.zeros((count, wide, x.shape[1], x.shape[1]))
        rewards, aims = np.zeros(gram.shape[:3]), np.zeros(gram.shape[:3])
        for fold in range(count):
            inside = folds == fold
            aims[fold] = aim.every[inside].T @ x[inside]
            for arm in range(wide):
                rows = inside & (log.variant == arm)
                gram[fold, arm] = x[rows].T @ x[rows]
                rewards[fold, arm] = log.reward[rows] @ x[rows]
        return cls(gram, rewards, aims)

    def __add__(self, other: "ModelSums") -> "ModelSums":
        """Both parts' sums."""
        gram, rewards = self.gram + other.gram, self.rewards + other.rewards
        return ModelSums(gram, rewards, self.aims + other.aims)

    def fit(self, ridge: float = RIDGE) -> "RewardModel":
        """The models of all folds.

        A variant's coefficients are those of all variants together plus a deviation that is
        shrunk to 0 as by `ridge` rows: a variant that was hardly shown is predicted like the
        others, and a constant reward comes back exactly.
        """
        folds, arms, wide = self.rewards.shape
        coefficients, pulls = np.zeros(self.rewards.shape), np.zeros(self.rewards.shape)
        penalty = ridge * np.eye(wide)
        gram, rewards = self.gram.sum(axis=0), self.rewards.sum(axis=0)
        for fold in range(folds):
            others, moments = gram - self.gram[fold], rewards - self.rewards[fold]
            pooled = _pooled(others.sum(axis=0), moments.sum(axis=0), penalty)
            for arm in range(arms):
                sides = np.stack([moments[arm] - others[arm] @ pooled, self.aims[fold, arm]], 1)
                deviation, pull = np.linalg.solve(others[arm] + penalty, sides).T
                coefficients[fold, arm] = pooled + deviation
                pulls += np.where(np.arange(folds)[:, None, None] == fold, 0.0, 1.0) * (
                    np.where(np.arange(arms)[:, None] == arm, pull, 0.0)
                )
        return RewardModel(coefficients, pulls)


def _pooled(gram: FloatArray, moments: FloatArray, penalty: FloatArray) -> FloatArray:
    free = penalty.copy()
    free[0, 0] = 0.0 if gram[0, 0] > 0.0 else 1.0  # the mean itself is not shrunk
    return np.asarray(np.linalg.solve(gram + free, moments), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class RewardModel:
    """Cross-fitted ridge regressions.

    Attributes:
        coefficients: (F, K, D) for the rows of each fold, from the other folds.
        pulls: (F, K, D) derivative of the summed expected rewards by a row's residual.
    """

    coefficients: FloatArray
    pulls: FloatArray

    @property
    def folds(self) -> int:
        """F."""
        return len(self.coefficients)

    def predict(self, log: Log, folds: IntArray) -> FloatArray:
        """Predicted rewards (n, K) of n rows in their folds (n,)."""
        x = design(log)
        out = np.zeros((len(log), log.variants))
        for fold, coefficients in enumerate(self.coefficients):
            inside = folds == fold
            out[inside] = x[inside] @ coefficients.T
        return out

    def pull(self, log: Log, folds: IntArray, predicted: FloatArray) -> FloatArray:
        """How far each row's reward moved the sum of the expected rewards, (n,).

        The target's mean prediction is linear in the rewards; a row's part is its implied
        weight (Chattopadhyay and Zubizarreta 2023) times its residual, here the one under the
        model that did not see it.

        Args:
            log: n rows.
            folds: (n,).
            predicted: (n,) of the logged variant.
        """
        implied = (design(log) * self.pulls[folds, log.variant]).sum(axis=1)
        return np.asarray(implied * (log.reward - predicted), dtype=np.float64)
