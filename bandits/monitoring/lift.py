"""Lift: a sudden change to the good side, such as a promotion, whose end is no fall.

The level from before the lift is kept. A change counts from it, and not from the lifted level,
until the level was back, at it or at the usual, for a day's steps. A new day has a level of its own
below the promotion: it may be as low as a low day's, so that a change counts from that.

A promotion may begin at night, when few are there to show a lift of their rate. So a number of
people far above all that days wander counts as one (`Lift.high`), whenever it came there.

Evidence for a lift is that of a CUSUM (Page 1954) against the level at which it began, as high as
that may have been: the level of today follows a lift within minutes and would hide it.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.monitoring.evidence import weigh_counts
from bandits.monitoring.level import LOWEST, Level
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms
from bandits.monitoring.usual import Usual

STEEP: Final = 1.25
"""Ratio to the level before that a lift is looked for with."""
NEAREST: Final = 1.1
"""Least ratio to the highest that the level before may have been."""
UNSURE: Final = 3.0
"""Standard deviations that the level before may have been higher."""
DIP: Final = 0.5
"""Wanders: coming back to the usual from a dip below it is no lift."""
LOW_DAY: Final = 2.0
"""Wanders of a low day."""
SURE: Final = float(np.log(1e4))
"""Evidence that makes a lift: a CUSUM reaches it by chance once in 10,000 steps at most."""
HIGH, HIGHER = 2.5, 4.0
"""Wanders above the usual up to which no level is lifted, and of one that is, however it came."""


@dataclass(frozen=True, eq=False)
class Lift:
    """Lift of each of S streams.

    Attributes:
        lifted: (S,) whether the level is lifted.
        best: (S,) evidence for it.
        height: (S,) evidence for a level far above the usual.
        before: (S,) level before it.
        unsure: (S,) relative variance of that level.
        back: (S,) steps of the lift whose level was back.
    """

    lifted: BoolArray
    best: FloatArray
    height: FloatArray
    before: FloatArray
    unsure: FloatArray
    back: FloatArray

    @classmethod
    def start(cls, streams: int) -> Self:
        """Return the lifts before the first step: none."""
        return cls(
            np.zeros(streams, dtype=np.bool_),
            np.zeros(streams),
            np.zeros(streams),
            np.ones(streams),
            np.zeros(streams),
            np.zeros(streams),
        )

    def follow(
        self,
        counts: StepCounts,
        level: Level,
        usual: Usual,
        noise: FloatArray,
        beside: BoolArray | None,
        terms: DetectorTerms,
    ) -> Self:
        """Return the lifts after the counts of a step.

        What lifts the whole, or the crowd, lifts all parts, which may be too small to show it.

        Args:
            counts: of the step.
            level: that was expected for it.
            usual: of the step.
            noise: (S,) relative variance of the counts' mean around their level.
            beside: (S,) whether what they are a part of is lifted; None for none.
            terms: of the monitor.
        """
        idle = (self.best <= 0.0) & ~self.lifted
        before = np.where(idle, _bound(level.mean, DIP, terms), self.before)
        unsure = np.where(idle, level.variance + terms.drift**2 + 2.0 * usual.of_bin, self.unsure)
        higher = 1.0 + UNSURE * np.sqrt(unsure)
        if terms.rise:
            least, sought = before / higher, np.minimum(before / STEEP, before / higher / NEAREST)
            back = level.mean >= np.minimum(before, 1.0) * (1.0 - DIP * terms.wander)
        else:
            least, sought = before * higher, np.maximum(before * STEEP, before * higher * NEAREST)
            back = level.mean <= np.maximum(before, 1.0) * (1.0 + DIP * terms.wander)
        step = weigh_counts(counts.observed, counts.expected * least, sought / least, noise)
        best = np.maximum(self.best + step, 0.0)
        height = self.height + self._weigh_height(counts, noise, terms)
        calm = np.where(self.lifted, self.back + back, 0.0)
        over = calm >= terms.steps
        lifted = (self.lifted | (best >= SURE)) & ~over
        if beside is not None:
            before = np.where(beside & ~lifted, _bound_usual(before, terms), before)
            lifted |= beside
        best = np.where(lifted | over, 0.0, best)
        height = np.clip(height, 0.0, 2.0 * SURE)
        return type(self)(lifted, best, height, before, unsure, np.where(over, 0.0, calm))

    @property
    def high(self) -> BoolArray:
        """Whether (S,) the level is far above all that days wander, however it came there."""
        return np.asarray(self.height >= SURE)

    def _weigh_height(
        self, counts: StepCounts, noise: FloatArray, terms: DetectorTerms
    ) -> FloatArray:
        """Return the evidence (S,) of a step for a level that no day has by itself."""
        side = -1.0 if terms.rise else 1.0
        most = max(1.0 + side * HIGH * terms.wander, LOWEST)
        more = max(1.0 + side * HIGHER * terms.wander, 0.5 * most)
        ratio = np.full(len(self.best), more / most)
        return weigh_counts(counts.observed, counts.expected * most, ratio, noise)

    def begin_day(self, usual: Usual, terms: DetectorTerms) -> Self:
        """Return the lifts at a day's start: the level below a promotion is not known any more."""
        low = np.where(self.lifted, _extend(self.before, LOW_DAY, terms), self.before)
        new = terms.wander**2 + terms.drift**2 + usual.of_day + 2.0 * usual.of_bin
        return replace(self, before=low, unsure=np.maximum(self.unsure, new))

    def lower(self, level: FloatArray, terms: DetectorTerms) -> FloatArray:
        """Return the level (S,) that a change counts from."""
        lower = np.maximum if terms.rise else np.minimum
        return np.where(self.lifted, lower(level, self.before), level)


def _bound_usual(level: FloatArray, terms: DetectorTerms) -> FloatArray:
    """Return a level that is not on the good side of the usual."""
    return np.maximum(level, 1.0) if terms.rise else np.minimum(level, 1.0)


def _bound(level: FloatArray, wanders: float, terms: DetectorTerms) -> FloatArray:
    """Return a level that is at most so many wanders on the bad side of the usual."""
    far = wanders * terms.wander
    return np.minimum(level, 1.0 + far) if terms.rise else np.maximum(level, 1.0 - far)


def _extend(level: FloatArray, wanders: float, terms: DetectorTerms) -> FloatArray:
    """Return a level that is at least so many wanders on the bad side of the usual."""
    far = wanders * terms.wander
    return np.maximum(level, 1.0 + far) if terms.rise else np.minimum(level, 1.0 - far)
