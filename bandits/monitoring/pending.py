"""Pending successes: the arrivals that have yet to succeed, by part of the delay law.

An arrival succeeds once: of those that succeeded early fewer are left, and of those that did not
more should come. So a minute's count corrects what is expected of the next ones, and a rate is
known as well as its arrivals allow, not only as well as a Poisson count would.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.monitoring.delay_law import CHANCES, DelayLaw

STAY: Final = 1.0 - CHANCES
STAY_BOTH: Final = np.outer(STAY, STAY)
LEAST: Final = 0.2
"""Share of a Poisson count's variance below which no count is taken to vary."""


@dataclass(frozen=True, eq=False)
class Pending:
    """Pending successes of S streams in the K parts of a delay law.

    Attributes:
        mean: (S, K) of their number.
        excess: (S, K, K) of their covariance over that of Poisson numbers: below 0 where the rate
            is known, above where it is not.
    """

    mean: FloatArray
    excess: FloatArray

    @classmethod
    def start(cls, streams: int, law: DelayLaw) -> Self:
        """Return what is pending before the first arrival: nothing."""
        return cls(np.zeros((streams, law.size)), np.zeros((streams, law.size, law.size)))

    def arrive(
        self, arrivals: FloatArray, due: FloatArray, variance: FloatArray, law: DelayLaw
    ) -> Self:
        """Return what is pending with the arrivals of a minute.

        Args:
            arrivals: (S,) of the minute.
            due: (S,) successes that they will come to.
            variance: (S,) relative variance of the rate, which all minutes that are pending share.
            law: of their delays.
        """
        more = due[:, None] * law.weights
        scale = variance * law.minutes - 1.0 / np.maximum(arrivals, 1.0)
        both = more[:, :, None] * more[:, None, :] * scale[:, None, None]
        return type(self)(self.mean + more, self.excess + both)

    @property
    def coming(self) -> FloatArray:
        """Successes (S,) that this minute should bring."""
        return np.asarray(self.mean @ CHANCES)

    @property
    def coming_excess(self) -> FloatArray:
        """Variance (S,) of that number over a Poisson number's."""
        return np.asarray((self.excess @ CHANCES) @ CHANCES)

    def follow(self, observed: FloatArray, noise: FloatArray, healthy: BoolArray) -> Self:
        """Return what is pending after a minute.

        Args:
            observed: (S,) successes of the minute.
            noise: (S,) relative variance of their mean.
            healthy: (S,) where the count tells of what is left: no change is going on.
        """
        coming, gathered = self.coming, self.excess @ CHANCES
        variance = np.maximum(coming + gathered @ CHANCES, LEAST * coming) + noise * coming**2
        gain = np.where(healthy, 1.0 / np.maximum(variance, 1e-12), 0.0)[:, None]
        shared = gathered * STAY
        scaled = shared * gain
        excess = self.excess * STAY_BOTH - scaled[:, :, None] * shared[:, None, :]
        least = -np.diagonal(excess, axis1=1, axis2=2)
        mean = self.mean * STAY + scaled * (observed - coming)[:, None]
        return type(self)(np.maximum(mean, least), excess)
