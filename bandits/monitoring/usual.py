"""Usual: what a stream does at a time of the week and the month, and how well that is known."""

from dataclasses import dataclass

from bandits.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Usual:
    """Usual of S streams in one bin of a day.

    Attributes:
        mean: (S,) rate per arrival, or count per step.
        of_day: (S,) relative variance of what it shares with the whole day.
        of_bin: (S,) relative variance of its own.
        plain: (S,) share of the mean that a plain day has: a promotion may end at any time, and its
            end is no fall.
    """

    mean: FloatArray
    of_day: FloatArray
    of_bin: FloatArray
    plain: FloatArray | float = 1.0
