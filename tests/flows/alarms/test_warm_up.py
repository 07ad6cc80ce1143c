"""A stream is judged when it is known; days of promotions have a kind of their own."""

import numpy as np
import pytest

from bandits.monitoring import PROMOTION, DelayLaw
from nudge.domain.alarms.monitors import Monitor, WatchKind
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.minute_sums import MinuteSums, Stream
from nudge.flows.alarms.monitor_watch import MonitorWatch, limits_of

FIRST = 30_000_000
TIME = JudgedTime(OperatorCalendar())
STREAM = Stream("method")


def watch_minutes(monitor: Monitor, row: list[int], minutes: int) -> MonitorWatch:
    """Return the watch of a stream after equal minutes."""
    watch = MonitorWatch.start((), np.zeros(0), FIRST, monitor)
    place = TIME.kind_of(TIME.day_of(FIRST)), 10
    for minute in range(FIRST, FIRST + minutes):
        sums = MinuteSums({STREAM: row})
        watch = watch.grow(sums, minute, monitor, 500)
        limits = limits_of(watch, 1.0, 1)
        watch, _ = watch.advance(
            minute, sums, place, DelayLaw.prior(), limits, monitor, starts_day=False
        )
    return watch


@pytest.mark.parametrize(
    ("kind", "row", "known"),
    [
        (WatchKind.RATE, [5, 2, 0], True),
        (WatchKind.RATE, [5, 0, 0], False),
        (WatchKind.FAILURES, [50, 20, 0], False),
        (WatchKind.FAILURES, [50, 20, 1], True),
        (WatchKind.SILENCE, [50, 20, 1], False),
        (WatchKind.SURGE, [50, 20, 1], False),
    ],
)
def test_a_stream_is_learned_before_it_is_judged(
    kind: WatchKind, row: list[int], *, known: bool
) -> None:
    """A rate needs two hours and fifty successes or failures; numbers need a week."""
    monitor = Monitor("one", kind, ("method",), change=0.5)
    assert watch_minutes(monitor, row, 125).known.tolist() == [known]


def test_a_promotion_comes_before_a_holiday() -> None:
    """A day of a promotion that is known is one, also on a holiday."""
    day = TIME.day_of(FIRST)
    time = JudgedTime(OperatorCalendar(), [date_of(day)], promotions=[date_of(day)])
    assert time.kind_of(day).holiday == PROMOTION
    assert time.kind_of(day + 1).holiday != PROMOTION
