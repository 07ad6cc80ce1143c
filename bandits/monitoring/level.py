"""Level of today beside the usual: a filter that follows slow changes and no sudden ones.

The level is a gamma variable. Each step adds the variance of a slow drift, a new day that of the
day's own level; the counts take it away again. The usual's error stays for a bin of the season.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from bandits.monitoring.terms import DetectorTerms
from bandits.monitoring.usual import Usual

CARRIED: Final = 0.5
"""Share of yesterday's level, in logarithms, that is expected today."""


@dataclass(frozen=True, eq=False)
class Level:
    """Level of the streams.

    Attributes:
        mean: (S,) relative to the usual.
        variance: (S,) relative variance of the mean; infinite before the first step.
    """

    mean: FloatArray
    variance: FloatArray

    @classmethod
    def start(cls, streams: int) -> "Level":
        """Return the level before the first step: as usual, with nothing known."""
        return cls(np.ones(streams), np.full(streams, np.inf))

    def predict(self, usual: Usual, terms: DetectorTerms, *, starts_day: bool) -> "Level":
        """Return the level that is expected for a step, before its counts.

        Args:
            usual: of the step.
            terms: of the monitor.
            starts_day: the step is the first of a day, whose level may differ.
        """
        most = terms.wander**2 + usual.of_day + usual.of_bin
        if starts_day:
            return Level(self.mean**CARRIED, most)
        same = terms.steps / terms.bins
        moved = terms.drift**2 / terms.steps + 2.0 * usual.of_bin / same * (1.0 - 1.0 / same)
        return Level(self.mean, np.minimum(self.variance + moved, most))

    def learn(self, counts: FloatArray, expected: FloatArray, dispersion: FloatArray) -> "Level":
        """Return the level after the counts of a step.

        Args:
            counts: (S,) observed.
            expected: (S,) under the usual.
            dispersion: (S,) relative variance of a step beyond a Poisson count's.
        """
        shape = 1.0 / np.maximum(self.variance, 1e-12)
        weight = 1.0 / (1.0 + dispersion * expected * self.mean)
        after = shape + weight * counts
        return Level(after / (shape / self.mean + weight * expected), 1.0 / after)
