"""Hours under a quarantine teach no usual, if the quarantine was known when the day ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from nudge.domain.alarms.monitors import Monitor, Monitors, WatchKind
from nudge.domain.alarms.quarantine import (
    Quarantine,
    QuarantineAction,
    QuarantineNote,
    QuarantineScope,
    new_quarantine,
)
from nudge.domain.alarms.watch_plan import WatchedStage, WatchPlan
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.flows.alarms.day_weights import quarantine_weights
from nudge.flows.alarms.judge import Judge
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.minute_sums import MinuteSums, Stream
from nudge.flows.alarms.watch_state import WatchState

SHANGHAI: Final = JudgedTime(OperatorCalendar.named("Asia/Shanghai"))
DAY: Final = 20_000
START: Final = DAY * 1440 - 480
"""The first minute of the day in Shanghai."""
PLAN: Final = WatchPlan((WatchedStage("method", ()), WatchedStage("paid", ())))


def marked(first: int, last: int, at: int) -> Quarantine:
    """Return a quarantine between two minutes of the day, marked at a third."""
    note = QuarantineNote("ops", (START + at) * 60.0)
    interval = ((START + first) * 60.0, (START + last) * 60.0)
    return new_quarantine(interval, QuarantineScope(channel="app"), note)


def hours(*quarantines: Quarantine) -> list[int]:
    """Return the hours that teach nothing."""
    weights = quarantine_weights(quarantines, SHANGHAI, DAY, START + 1440)
    return np.flatnonzero(weights == 0.0).tolist()


def test_an_hour_that_shares_a_moment_teaches_nothing() -> None:
    """From 18:05 to 20:00 the hours 18 and 19 are left out, by the operator's clock."""
    assert hours(marked(1085, 1200, 1300)) == [18, 19]
    assert hours(marked(1085, 1205, 1300)) == [18, 19, 20]
    assert hours(marked(-600, -30, 10)) == []
    assert hours(marked(-600, 3000, 10)) == list(range(24))


def test_only_what_was_known_counts() -> None:
    """A mark of the next day, a release before the end, and a mark of an alarm change nothing."""
    mine = marked(600, 660, 700)
    assert hours(mine) == [10]
    assert hours(marked(600, 660, 1500)) == []
    released = mine.closed(QuarantineAction.RELEASE, QuarantineNote("ops", (START + 800) * 60.0))
    assert hours(released) == []
    late = mine.closed(QuarantineAction.RELEASE, QuarantineNote("ops", (START + 1500) * 60.0))
    assert hours(late) == [10]
    assert hours(replace(mine, alarm="a1")) == []


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_quarantined_hour_does_not_become_usual(*, is_marked: bool) -> None:
    """One day with an hour of few payments: the usual of that hour moves where nobody marked it."""
    monitor = Monitor("m", WatchKind.SURGE, ("method",), change=9.0)
    quarantines = (marked(600, 660, 700),) if is_marked else ()
    judge = Judge(Monitors((monitor,)), PLAN, SHANGHAI, quarantines)
    state = WatchState(START - 1)
    for minute in range(START, START + 1441):
        few = SHANGHAI.hour_of(minute) == 10
        sums = MinuteSums({Stream("method"): [1 if few else 20, 0, 0]})
        state, _ = judge.advance(state, minute, sums)
    season = state.watches["m/method"].season
    day = SHANGHAI.kind_of(DAY + 7)
    usual = [float(season.find_usual(day, hour).mean[0]) for hour in (9, 10)]
    assert (usual[1] < 0.9 * usual[0]) is not is_marked
