"""Days of a verdict: the ends of the calendar's days among the blocks of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.arrays import IntArray
from bandits.units import DAY, HOUR
from nudge.domain.basics.calendar import OperatorCalendar


@dataclass(frozen=True, eq=False)
class VerdictDays:
    """The days of D looks at a log, one for each day with exposures.

    Attributes:
        day: (D,) of the calendar, ascending.
        end: (D,) the last block that was over by the day's end; of the last day, the newest block.
    """

    day: IntArray
    end: IntArray

    @classmethod
    def of(cls, blocks: IntArray, calendar: OperatorCalendar) -> VerdictDays:
        """Return the days in which blocks end.

        A block that a zone's midnight cuts is known by the end of the day that has begun in it.

        Args:
            blocks: (N,) hours since the epoch, at least one.
            calendar: the operator's.
        """
        number = np.unique(blocks)
        last = (number + 1) * HOUR - 1
        day = np.zeros(len(number), dtype=np.int64)
        for start, end, shift in calendar.shifts(float(last[0]), float(last[-1] + 1)):
            inside = (last >= start) & (last < end)
            day[inside] = (last[inside] + int(shift)) // DAY
        newest = np.append(day[1:] != day[:-1], [True])
        return cls(day[newest], number[newest])
