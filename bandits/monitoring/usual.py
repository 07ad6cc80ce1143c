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
        low: (S,) least share of the mean that is usual, too: what a promotion may end with at any
            time, or the hour before or behind where habits may be an hour off. A fall counts from
            there.
        high: (S,) the same for rises: the largest share.
    """

    mean: FloatArray
    of_day: FloatArray
    of_bin: FloatArray
    low: FloatArray | float = 1.0
    high: FloatArray | float = 1.0
