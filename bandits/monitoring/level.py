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

FAR: Final = 1.0
"""Wanders from the usual beyond which a level is not expected to last."""
MOST: Final = 0.5
"""Largest standard deviation of such a level, as a share of it."""
LOWEST: Final = 1e-3
"""Lowest level: a stream that has become silent may come back."""
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
        variance = np.minimum(self.variance + moved, most)
        return Level(self.mean, np.maximum(variance, self._find_return(terms)))

    def edge(self, terms: DetectorTerms) -> FloatArray:
        """Return the level (S,) as far on the bad side as it may well be: a standard deviation.

        What is not known of today's level is no change of it. A level that is known as well as it
        drifts in a day is known.
        """
        unknown = np.sqrt(np.maximum(self.variance - terms.drift**2, 0.0))
        spread = np.minimum(unknown, MOST)
        return self.mean * (1.0 + spread) if terms.rise else self.mean * (1.0 - spread)

    def _find_return(self, terms: DetectorTerms) -> FloatArray:
        """Return the relative variance (S,) of a level that may return to the usual at any time.

        A promotion lifts the level farther than a day wanders, and its end is no fall.
        """
        off = 1.0 - self.mean if terms.rise else self.mean - 1.0
        return np.minimum(np.maximum(off - FAR * terms.wander, 0.0) / self.mean, MOST) ** 2

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
        mean = after / (shape / self.mean + weight * expected)
        return Level(np.maximum(mean, LOWEST), 1.0 / after)
