"""Plain limits: the count or share of an hour is compared with what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import pytest

from nudge.domain.alarms.alarm import Alarm, AlarmLevel, AlarmStatus
from nudge.domain.alarms.monitors import Monitor, Monitors, WatchKind
from nudge.domain.alarms.watch_plan import WatchedStage, WatchPlan
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.flows.alarms.alarm_book import AlarmBook
from nudge.flows.alarms.alarm_words import describe_alarm
from nudge.flows.alarms.cause_search import Cause, search_cause
from nudge.flows.alarms.judge import Judge, StreamFinding
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.limit_watch import CALM
from nudge.flows.alarms.minute_sums import MinuteSums, Stream
from nudge.flows.alarms.watch_state import WatchState, decode_state, encode_state

FIRST: Final = 30_000_000
PLAN: Final = WatchPlan((WatchedStage("method", ()), WatchedStage("paid", ())))
TIME: Final = JudgedTime(OperatorCalendar())
Counts = tuple[int, int, int]


def monitor(kind: WatchKind, least: float | None = None, most: float | None = None) -> Monitor:
    level = AlarmLevel.WARNING
    return Monitor("m", kind, ("complaint",), ("channel",), 0.0, level, least=least, most=most)


def search(one: Monitor, found: StreamFinding, *, now: int) -> Cause:
    return search_cause({}, one, found.stream, found.began, now)


def play(one: Monitor, minutes: Sequence[Counts | None], *, again: bool = False) -> list[Alarm]:
    """Judge minutes of one channel; return the alarms as they changed.

    Args:
        one: monitor of all minutes.
        minutes: counts of each; None for a minute without any.
        again: the state is written and read after each minute.
    """
    judge, state, changed = Judge(Monitors((one,)), PLAN, TIME), WatchState(FIRST - 1), []
    known: dict[str, Alarm] = {}
    for k, counts in enumerate(minutes):
        streams = (Stream("complaint"), Stream("complaint", "channel", "web"))
        sums = MinuteSums({s: list(counts) for s in streams} if counts else {})
        state, findings = judge.advance(state, FIRST + k, sums)
        if again:
            read = decode_state(encode_state(state))
            assert read is not None
            state = read
        book = AlarmBook(
            list(known.values()),
            partial(search, now=FIRST + k),
            lambda alarm, m: describe_alarm(alarm, m, OperatorCalendar()),
        )
        new = book.changes(findings, FIRST + k)
        known |= {alarm.id: alarm for alarm in new}
        changed += new
    return changed


def test_a_count_above_its_limit_opens_one_alarm() -> None:
    """The alarm opens in the minute in which the hour has too many, and ends a while later."""
    counts = [(1, 0, 0)] * 120 + [(5, 0, 0)] * 30 + [(1, 0, 0)] * 120
    opened, over = play(monitor(WatchKind.HOURLY_COUNT, most=100), counts)
    # 60 and 4 more in each minute: more than 100 after eleven.
    assert opened.opened == (FIRST + 131) * 60.0
    assert opened.figures["value"] == 104
    assert "104" in opened.sentence["zh"]
    assert "高于上限 100" in opened.sentence["zh"]
    assert opened.sentence["en"].endswith("the count is 104, above the limit of 100.")
    # The first hour with ten of the thirty begins with minute 140, so it is that of minute 199.
    assert over.steps[-1].at == (FIRST + 199 + CALM) * 60.0


def test_a_count_below_its_limit_waits_for_a_whole_hour() -> None:
    """A stage that nobody reaches has none, and is told after its first hour."""
    [alarm] = play(monitor(WatchKind.HOURLY_COUNT, least=1), [None] * 100)
    assert alarm.opened == (FIRST + 60) * 60.0
    assert alarm.cause == {"stage": "complaint"}
    assert play(monitor(WatchKind.HOURLY_COUNT, least=1), [(1, 0, 0), *[None] * 58] * 3) == []


def test_a_share_is_judged_where_it_has_arrivals() -> None:
    """Two of a hundred are below a tenth; none of ninety says nothing."""
    one = monitor(WatchKind.HOURLY_RATE, least=0.1)
    assert play(one, [(1, 0, 0)] * 90) == []
    [alarm] = play(one, [(10, 2, 0)] * 60 + [(10, 0, 0)] * 60)
    assert alarm.opened == (FIRST + 60 + 31) * 60.0
    assert "低于下限 10.0%" in alarm.sentence["zh"]


def test_a_limit_comes_to_the_same_behind_a_restart() -> None:
    """The state is written and read after each minute, and the alarms are the same."""
    counts = [(1, 0, 0)] * 70 + [(5, 0, 0)] * 30 + [(0, 0, 0)] * 120
    one = monitor(WatchKind.HOURLY_COUNT, least=10, most=100)
    assert play(one, counts) == play(one, counts, again=True)
    assert [a.status(1e12) for a in play(one, counts)] == [
        AlarmStatus.OPEN,
        AlarmStatus.RESOLVED,
        AlarmStatus.OPEN,
    ]


def test_a_gap_begins_the_hour_anew() -> None:
    """Behind minutes that nobody judged no half hour is taken for a whole one."""
    one = monitor(WatchKind.HOURLY_COUNT, least=50)
    judge, sums = Judge(Monitors((one,)), PLAN, TIME), MinuteSums({Stream("complaint"): [1, 0, 0]})
    state = WatchState(FIRST - 1)
    for minute in [*range(FIRST, FIRST + 70), *range(FIRST + 200, FIRST + 250)]:
        state, [finding] = judge.advance(state, minute, sums)
        assert not finding.fallen


@pytest.mark.parametrize("count", [1, 3])
def test_limits_have_no_part_in_the_budget(count: int) -> None:
    """The streams of tests keep their share of it, however many limits there are."""
    test = Monitor("t", WatchKind.RATE, ("method",))
    limit = monitor(WatchKind.HOURLY_COUNT, most=1)
    groups = {Judge(Monitors((test, *[limit] * n)), PLAN, TIME)._groups for n in (0, count)}
    assert groups == {1}
