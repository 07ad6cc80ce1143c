"""Counts of one step, beside those that are expected."""

from dataclasses import dataclass

from bandits.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class StepCounts:
    """Counts of a step of S streams.

    Attributes:
        observed: (S,) counts.
        expected: (S,) under the usual.
        excess: (S,) relative variance over a Poisson count's, where the counts are known to vary
            less (below 0) or more.
    """

    observed: FloatArray
    expected: FloatArray
    excess: FloatArray | float = 0.0
