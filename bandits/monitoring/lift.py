"""Lift: a sudden change to the good side, such as a promotion, whose end is no fall.

The level from before the lift is kept. Until the level was back at it for a day's steps, a change
counts from the old level and not from the lifted one. A new day has a level of its own below the
promotion: it may be as low as a low day's, so that a change counts from that.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.monitoring.evidence import weigh_counts
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms

STEEP: Final = 1.2
"""Ratio to the level before that a lift is looked for with."""
NEAREST: Final = 1.02
DIP: Final = 0.5
"""Wanders: coming back to the usual from a dip below it is no lift."""
LOW_DAY: Final = 2.0
"""Wanders of a low day."""
SURE: Final = float(np.log(1e9))
"""Evidence that makes a lift: one by chance holds for a day, so it is rarer than an alarm."""


@dataclass(frozen=True, eq=False)
class Lift:
    """Lift of each of S streams.

    Attributes:
        lifted: (S,) whether the level is lifted.
        best: (S,) evidence for it.
        before: (S,) level before it.
        back: (S,) steps of the lift whose level was back.
    """

    lifted: BoolArray
    best: FloatArray
    before: FloatArray
    back: FloatArray

    @classmethod
    def start(cls, streams: int) -> Self:
        """Return the lifts before the first step: none."""
        return cls(
            np.zeros(streams, dtype=np.bool_),
            np.zeros(streams),
            np.ones(streams),
            np.zeros(streams),
        )

    def follow(
        self,
        counts: StepCounts,
        level: FloatArray,
        noise: FloatArray,
        terms: DetectorTerms,
    ) -> Self:
        """Return the lifts after the counts of a step.

        Args:
            counts: of the step.
            level: (S,) that was expected for it.
            noise: (S,) relative variance of the counts' mean.
            terms: of the monitor.
        """
        idle = (self.best <= 0.0) & ~self.lifted
        before = np.where(idle, _bound(level, DIP, terms), self.before)
        if terms.rise:
            ratio = np.minimum(before / STEEP / level, 1.0 / NEAREST)
            back = level >= before * (1.0 - DIP * terms.wander)
        else:
            ratio = np.maximum(before * STEEP / level, NEAREST)
            back = level <= before * (1.0 + DIP * terms.wander)
        mean = counts.expected * level
        best = np.maximum(self.best + weigh_counts(counts.observed, mean, ratio, noise), 0.0)
        calm = np.where(self.lifted, self.back + back, 0.0)
        over = calm >= terms.steps
        lifted = (self.lifted | (best >= SURE)) & ~over
        return type(self)(
            lifted, np.where(lifted | over, 0.0, best), before, np.where(over, 0.0, calm)
        )

    def begin_day(self, terms: DetectorTerms) -> Self:
        """Return the lifts at a day's start: the level below a promotion is not known any more."""
        low = np.where(self.lifted, _extend(self.before, LOW_DAY, terms), self.before)
        return replace(self, before=low)

    def lower(self, level: FloatArray, terms: DetectorTerms) -> FloatArray:
        """Return the level (S,) that a change counts from."""
        lower = np.maximum if terms.rise else np.minimum
        return np.where(self.lifted, lower(level, self.before), level)


def _bound(level: FloatArray, wanders: float, terms: DetectorTerms) -> FloatArray:
    """Return a level that is at most so many wanders on the bad side of the usual."""
    far = wanders * terms.wander
    return np.minimum(level, 1.0 + far) if terms.rise else np.maximum(level, 1.0 - far)


def _extend(level: FloatArray, wanders: float, terms: DetectorTerms) -> FloatArray:
    """Return a level that is at least so many wanders on the bad side of the usual."""
    far = wanders * terms.wander
    return np.maximum(level, 1.0 + far) if terms.rise else np.minimum(level, 1.0 - far)
