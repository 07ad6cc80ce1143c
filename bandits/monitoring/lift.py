"""Lift: a sudden change to the good side, such as a promotion, whose end is no fall.

The level from before the lift is kept. Until today's level is back at it, a change counts from the
old level and not from the lifted one.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.monitoring.evidence import weigh_counts
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms

STEEP: Final = 1.2
"""Ratio to the level before that a lift is looked for with."""
NEAREST: Final = 1.02
SURE: Final = float(np.log(2_000.0))
"""Evidence that makes a lift."""


@dataclass(frozen=True, eq=False)
class Lift:
    """Lift of each of S streams.

    Attributes:
        lifted: (S,) whether the level is lifted.
        best: (S,) evidence for it.
        before: (S,) level before it.
    """

    lifted: BoolArray
    best: FloatArray
    before: FloatArray

    @classmethod
    def start(cls, streams: int) -> Self:
        """Return the lifts before the first step: none."""
        return cls(np.zeros(streams, dtype=np.bool_), np.zeros(streams), np.ones(streams))

    def follow(
        self, counts: StepCounts, level: FloatArray, noise: FloatArray, terms: DetectorTerms
    ) -> Self:
        """Return the lifts after the counts of a step.

        Args:
            counts: of the step.
            level: (S,) that was expected for it.
            noise: (S,) relative variance of the counts' mean.
            terms: of the monitor.
        """
        before = np.where((self.best <= 0.0) & ~self.lifted, level, self.before)
        if terms.rise:
            ratio = np.minimum(before / STEEP / level, 1.0 / NEAREST)
            back = level >= self._find_bound(terms) * (1.0 - 0.5 * terms.wander)
        else:
            ratio = np.maximum(before * STEEP / level, NEAREST)
            back = level <= self._find_bound(terms) * (1.0 + 0.5 * terms.wander)
        mean = counts.expected * level
        best = np.maximum(self.best + weigh_counts(counts.observed, mean, ratio, noise), 0.0)
        over = self.lifted & back
        lifted = (self.lifted & ~back) | (best >= SURE)
        lifted = lifted & ~over
        return type(self)(lifted, np.where(lifted | over, 0.0, best), before)

    def lower(self, level: FloatArray, terms: DetectorTerms) -> FloatArray:
        """Return the level (S,) that a change counts from."""
        bound = self._find_bound(terms)
        bound = np.maximum(level, bound) if terms.rise else np.minimum(level, bound)
        return np.where(self.lifted, bound, level)

    def _find_bound(self, terms: DetectorTerms) -> FloatArray:
        """Return the level (S,) before the lift: coming back from a dip to the usual is none."""
        if terms.rise:
            return np.minimum(self.before, 1.0 + 0.5 * terms.wander)
        return np.maximum(self.before, 1.0 - 0.5 * terms.wander)
