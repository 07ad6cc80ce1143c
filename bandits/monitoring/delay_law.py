"""Delay law: the number of successes to expect in a minute from the arrivals before it.

The delay from arrival to success is a mixture of an atom at zero and geometric laws. A stream's
past then fits into one number for each part: the successes that are still to come from it.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import FloatArray

MEANS: Final = np.array([0.0, 1.0, 3.0, 10.0, 30.0])
"""Mean delays of the parts in minutes; the first is the atom at zero."""
CHANCES: Final = 1.0 / (1.0 + MEANS)
"""Chance of a pending success of each part to come in the next minute."""
SPREAD: Final = 1.0
"""Width of the prior over the parts, in the logarithm of the mean delay."""
ROUNDS: Final = 200
PRIOR_COUNT: Final = 50.0
"""Successes that the prior weighs in a fit."""


@dataclass(frozen=True, eq=False)
class DelayLaw:
    """Delay law as the weights of its parts.

    Attributes:
        weights: (K,) of the parts; they add up to 1.
    """

    weights: FloatArray

    @property
    def size(self) -> int:
        """Number of parts: columns of what is pending."""
        return len(self.weights)

    @classmethod
    def prior(cls, median: float = 2.0) -> Self:
        """Return a law with about the given median in minutes.

        Raises:
            ValueError: the median is negative or not finite.
        """
        if not (np.isfinite(median) and median >= 0.0):
            raise ValueError("the median delay must be a number of minutes, not negative")
        offset = (np.log1p(MEANS) - np.log1p(median / np.log(2.0))) / SPREAD
        weights = np.exp(-0.5 * offset**2)
        return cls(weights / weights.sum())

    @classmethod
    def fit(cls, counts: ArrayLike, prior: "DelayLaw") -> Self:
        """Return the law of observed delays, by expectation maximisation from a prior.

        Args:
            counts: (D,) successes by whole minutes since their arrival, of matured arrivals.
            prior: law that weighs as much as 50 successes.

        Raises:
            ValueError: a count is negative.
        """
        seen = np.asarray(counts, dtype=np.float64)
        if (seen < 0.0).any():
            raise ValueError("counts of delays must not be negative")
        parts = CHANCES * (1.0 - CHANCES) ** np.arange(len(seen))[:, None]
        weights = prior.weights
        for _ in range(ROUNDS):
            share = parts * weights
            share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-300)
            weights = seen @ share + PRIOR_COUNT * prior.weights
            weights = weights / weights.sum()
        return cls(weights)

    @property
    def minutes(self) -> float:
        """Minutes that an arrival is pending on average, its own included."""
        return float(self.weights @ (1.0 + MEANS))

    def shares(self, minutes: int) -> FloatArray:
        """Return the chance (D,) of a delay of 0, 1, ... whole minutes."""
        parts = CHANCES * (1.0 - CHANCES) ** np.arange(minutes)[:, None]
        return np.asarray(parts @ self.weights)

    @property
    def median(self) -> float:
        """Median delay in minutes."""
        reached = np.cumsum(self.shares(1_000))
        return float(np.searchsorted(reached, 0.5))
