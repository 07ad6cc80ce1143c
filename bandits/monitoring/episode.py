"""Episode: a change that is going on, from its alarm until the counts are back at their level."""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.monitoring.change import Change
from bandits.monitoring.evidence import weigh_counts
from bandits.monitoring.level import Level
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms

BACK: Final = float(np.log(200.0))
"""Evidence for the old level that ends an episode."""


@dataclass(frozen=True, eq=False)
class Episode:
    """Episode of each of S streams.

    Attributes:
        going: (S,) whether a change is going on.
        began: (S,) step at which it began.
        level: (S,) before it.
        size: (S,) ratio to that level which the detector found.
        back: (S,) evidence for the old level.
        observed: (S,) counts since the alarm.
        expected: (S,) counts since the alarm under the old level.
    """

    going: BoolArray
    began: IntArray
    level: FloatArray
    size: FloatArray
    back: FloatArray
    observed: FloatArray
    expected: FloatArray

    @classmethod
    def start(cls, streams: int) -> Self:
        """Return the episodes before the first step: none."""
        zero, one = np.zeros(streams), np.ones(streams)
        steps = np.zeros(streams, dtype=np.int64)
        return cls(np.zeros(streams, dtype=np.bool_), steps, one, one, zero, zero, zero)

    def begin(self, alarm: BoolArray, change: Change, terms: DetectorTerms) -> Self:
        """Return the episodes with those that an alarm opens."""
        if not alarm.any():
            return self
        rows, place = np.arange(len(alarm)), change.best.argmax(axis=1)
        return type(self)(
            self.going | alarm,
            np.where(alarm, change.began[rows, place], self.began),
            np.where(alarm, change.level[rows, place], self.level),
            np.where(alarm, terms.ratios[place], self.size),
            np.where(alarm, 0.0, self.back),
            np.where(alarm, 0.0, self.observed),
            np.where(alarm, 0.0, self.expected),
        )

    def follow(
        self,
        counts: StepCounts,
        dispersion: FloatArray,
        terms: DetectorTerms,
    ) -> Self:
        """Return the episodes after the counts of a step, with the evidence for the old level.

        Half way back is not back: the old level has to win against half the change.

        Args:
            counts: of the step.
            dispersion: (S,) relative variance of a step.
            terms: of the monitor.
        """
        if not self.going.any():
            return self
        mean = counts.expected * self.level
        half = 0.5 * (1.0 + self.size)
        half = (
            np.maximum(half, 1.0 + terms.fall) if terms.rise else np.minimum(half, 1 - terms.fall)
        )
        log = -weigh_counts(counts.observed, mean, half, dispersion)
        return replace(
            self,
            back=np.where(self.going, np.maximum(self.back + log, 0.0), 0.0),
            observed=self.observed + np.where(self.going, counts.observed, 0.0),
            expected=self.expected + np.where(self.going, mean, 0.0),
        )

    def ended(self) -> BoolArray:
        """Return whether (S,) an episode is over."""
        return self.going & (self.back >= BACK)

    @property
    def ratio(self) -> FloatArray:
        """Counts (S,) over those that the old level expects, since the alarm; else the size."""
        return np.where(
            self.expected > 0.0, self.observed / np.maximum(self.expected, 1e-12), self.size
        )

    def hold_level(self, learned: Level, before: Level, terms: DetectorTerms) -> Level:
        """Return the level after a step: that from before the change while it is going on.

        Where it ends, the level is known as well as at the start of a day.
        """
        held = np.where(self.ended(), terms.wander**2, before.variance)
        return Level(
            np.where(self.going, self.level, learned.mean),
            np.where(self.going, held, learned.variance),
        )

    def close(self, over: BoolArray) -> Self:
        """Return the episodes without those that are over."""
        return replace(self, going=self.going & ~over)
