"""Factor of a season: gamma variables around 1, learned from counts beside expected counts."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bandits.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Factor:
    """Factor of S streams in P places.

    Attributes:
        observed: (S, P) weighted counts.
        expected: (S, P) weighted counts that are expected where the factor is 1.
        prior: (1,) counts that the first guess weighs.
    """

    observed: FloatArray
    expected: FloatArray
    prior: FloatArray

    @classmethod
    def start(cls, shape: tuple[int, int], spread: float) -> Self:
        """Return a factor of 1 with a standard deviation, before the first day."""
        return cls(np.zeros(shape), np.zeros(shape), np.array([spread**-2.0]))

    def mean(self, place: slice) -> FloatArray:
        """Return the mean (S, P') in some places."""
        return (self.observed[:, place] + self.prior) / (self.expected[:, place] + self.prior)

    def variance(self, place: slice) -> FloatArray:
        """Return the relative variance (S, P') in some places."""
        return 1.0 / (self.observed[:, place] + self.prior)

    def learn(
        self,
        place: slice,
        seen: tuple[FloatArray, FloatArray],
        noise: float,
        memory: float | None,
    ) -> Self:
        """Return the factor after a day.

        Args:
            place: columns that the day touches.
            seen: (S, P') counts observed in them, and those expected with the factor as it is.
            noise: standard deviation of an observation beyond a Poisson count's.
            memory: days after which an observation weighs e times less; None for never.
        """
        counts, means = seen
        keep = 1.0 if memory is None else 1.0 - 1.0 / memory
        weight = 1.0 / (1.0 + noise**2 * means)
        bare = means / self.mean(place)
        observed, expected = self.observed.copy(), self.expected.copy()
        observed[:, place] = keep * observed[:, place] + weight * counts
        expected[:, place] = keep * expected[:, place] + weight * bare
        return type(self)(observed, expected, self.prior)
