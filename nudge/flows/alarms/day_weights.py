"""The weights of a day's hours: those under a quarantine teach nothing of what is usual. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bandits.arrays import FloatArray
from bandits.units import DAY, MINUTE
from nudge.domain.alarms.quarantine import Quarantine
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.monitor_watch import BINS

_QUARTER = 15
"""Minutes: no zone's hours begin at other moments."""


def quarantine_weights(
    quarantines: Iterable[Quarantine], time: JudgedTime, day: int, minute: int
) -> FloatArray:
    """Return the weights (24,) of the hours of a day: 0 where a quarantine shares a moment.

    What counts is what was known when the day ended, whatever its scope: a repeated judgement comes
    to the same. A mark of an alarm plays no part: a stream that is down teaches nothing anyway.

    Args:
        quarantines: of the installation.
        time: calendar of the monitors.
        day: that ended, in days since the epoch.
        minute: the first one behind it.
    """
    weight, end = np.ones(BINS), float(minute * MINUTE)
    # A day has 25 hours where the clock is set back.
    first = end - DAY - 3600.0
    for one in quarantines:
        span = None if one.alarm else one.was_left_out(end)
        if span is None:
            continue
        start, stop = max(span[0], first), min(span[1], end)
        begin, last = int(start // MINUTE) // _QUARTER * _QUARTER, -int(-stop // MINUTE)
        for each in range(begin, last, _QUARTER):
            if time.day_of(each) == day:
                weight[time.hour_of(each)] = 0.0
    return weight
