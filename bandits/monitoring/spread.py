"""Spread of the counts of a step around today's level, beyond a Poisson count's."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.monitoring.level import Level
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms

MEMORY: Final = 14.0
"""Days after which a step weighs e times less."""
PRIOR: Final = 200.0
"""Squared expected counts that the first guess weighs."""
MOST: Final = 25.0
"""Largest squared error that counts, in variances: an outage is no spread."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Spread of the streams' counts.

    Attributes:
        excess: (S,) weighted sum of the squared errors beyond what is explained.
        squares: (S,) weighted sum of the squared expected counts.
    """

    excess: FloatArray
    squares: FloatArray

    @classmethod
    def start(cls, streams: int, terms: DetectorTerms) -> Self:
        """Return the spread that is guessed before the first step."""
        return cls(np.full(streams, PRIOR * terms.dispersion), np.full(streams, PRIOR))

    @property
    def dispersion(self) -> FloatArray:
        """Relative variance (S,) of a step beyond a Poisson count's."""
        return np.maximum(self.excess / self.squares, 0.0)

    def learn(
        self, counts: StepCounts, level: Level, healthy: BoolArray, terms: DetectorTerms
    ) -> Self:
        """Return the spread after a step; steps of a change that is going on weigh nothing.

        Args:
            counts: of the step.
            level: that was expected for it.
            healthy: (S,) no change is going on.
            terms: of the monitor.
        """
        mean = counts.expected * level.mean
        explained = mean + mean**2 * (level.variance + counts.excess)
        most = MOST * (explained + mean**2 * self.dispersion)
        error = np.minimum((counts.observed - mean) ** 2, most)
        keep = np.where(healthy, 1.0 - 1.0 / (MEMORY * terms.steps), 1.0)
        return type(self)(
            keep * self.excess + np.where(healthy, error - explained, 0.0),
            keep * self.squares + np.where(healthy, mean**2, 0.0),
        )
