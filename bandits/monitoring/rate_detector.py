"""Rate detector: a detector of successes that come some time after their arrivals."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray
from bandits.monitoring.delay_law import DelayLaw
from bandits.monitoring.detector import Detector, StepResult
from bandits.monitoring.pending import Pending
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms
from bandits.monitoring.usual import Usual


@dataclass(frozen=True, eq=False)
class RateCounts:
    """Counts of a minute of S streams, each in the minute in which it happened.

    Attributes:
        arrivals: (S,) those who may succeed.
        successes: (S,) those who did, whenever they came.
    """

    arrivals: FloatArray
    successes: FloatArray


@dataclass(frozen=True, eq=False)
class RateDetector:
    """Rate detector of S streams: the state after the last minute.

    Attributes:
        detector: of the successes beside the expected ones.
        pending: successes still to come.
    """

    detector: Detector
    pending: Pending

    @classmethod
    def start(cls, streams: int, law: DelayLaw, terms: DetectorTerms) -> Self:
        """Return the detector before the first minute."""
        return cls(Detector.start(streams, terms), Pending.start(streams, law))

    def advance(
        self,
        step: int,
        counts: RateCounts,
        usual: Usual,
        law: DelayLaw,
        limits: FloatArray,
        terms: DetectorTerms,
        *,
        starts_day: bool = False,
        beside: BoolArray | None = None,
    ) -> tuple[Self, StepResult]:
        """Return the detector after a minute, and what the minute says.

        Args:
            step: number of the minute; the next one is larger.
            counts: of the minute.
            usual: rate of this minute's arrivals.
            law: of the delays.
            limits: (S,) average run lengths to keep (`share_budget`).
            terms: of the monitor, the same in every step.
            starts_day: the minute is the first of a day.
            beside: (S,) whether what a stream is a part of is lifted (`Lift.lifted`): the whole, or
                the number of those who come.
        """
        today = self.detector.level.predict(usual, terms, starts_day=starts_day)
        due = np.minimum(usual.mean * today.mean, 1.0) * counts.arrivals
        pending = self.pending.arrive(counts.arrivals, due, today.variance, law)
        coming = pending.coming
        excess = np.minimum(pending.coming_excess, 0.0) / np.maximum(coming, 1e-12) ** 2
        seen = StepCounts(counts.successes, coming / today.mean, excess)
        detector, result = self.detector.advance(
            step, seen, usual, limits, terms, starts_day=starts_day, beside=beside
        )
        noise = detector.level.variance + detector.spread.dispersion
        after = pending.follow(counts.successes, noise, ~result.fallen)
        return type(self)(detector, after), result

    def arrays(self) -> dict[str, AnyArray]:
        """Return the state as plain arrays by name."""
        pending = {"pending.mean": self.pending.mean, "pending.excess": self.pending.excess}
        return self.detector.arrays() | pending

    @classmethod
    def read(cls, arrays: dict[str, AnyArray]) -> Self:
        """Return the detector of a state that `arrays` gave.

        Raises:
            ValueError: an array is missing or unknown.
        """
        rest = {name: one for name, one in arrays.items() if not name.startswith("pending.")}
        if not {"pending.mean", "pending.excess"} <= set(arrays):
            raise ValueError("the arrays are not those of a rate detector")
        pending = Pending(arrays["pending.mean"], arrays["pending.excess"])
        return cls(Detector.read(rest), pending)
