"""Reasons of failures: those that account for the excess of a cause stand in its sentence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nudge.domain.alarms.alarm import Alarm
from nudge.domain.alarms.minute_counts import LeafCount
from nudge.domain.alarms.monitors import Monitor, WatchKind
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.flows.alarms.alarm_book import AlarmBook
from nudge.flows.alarms.alarm_words import describe_alarm
from nudge.flows.alarms.cause_search import SPAN, SPANS, find_reasons, search_cause
from nudge.flows.alarms.judge import MonitorFinding, StreamFinding
from nudge.flows.alarms.minute_sums import Stream

FIRST = 30_000_000
METHODS = ("alipay", "card", "wechat")
FAILURES = Monitor("failures", WatchKind.FAILURES, ("method",), ("method",), 1.0)
RATE = Monitor("payment", WatchKind.RATE, ("method",), ("method",), 0.3)


def minute_counts(rng: np.random.Generator, *, fails: bool) -> list[LeafCount]:
    """Twenty visits a method; one in ten fails for balance; wechat times out while it fails."""
    found: list[LeafCount] = []
    for method in METHODS:
        known = {"method": method}
        lost = {"balance": int(rng.binomial(20, 0.1)), "timeout": 0}
        if fails and method == "wechat":
            lost["timeout"] = 17
        found.append(LeafCount("method", known, "a", 20))
        found.append(LeafCount("method", known, "s", max(18 - sum(lost.values()), 0)))
        found += [LeafCount("method", {**known, "reason": r}, "f", n) for r, n in lost.items()]
    return found


def traffic() -> Mapping[int, list[LeafCount]]:
    rng = np.random.default_rng(3)
    first = FIRST - SPAN * SPANS
    return {m: minute_counts(rng, fails=m >= FIRST) for m in range(first, FIRST + 5)}


def opened(monitor: Monitor) -> Alarm:
    """Return the alarm of an outage of wechat, as the book opens it."""
    minutes, stream = traffic(), Stream("method", "method", "wechat")
    found = StreamFinding(stream, 30.0, FIRST, 9.0)
    book = AlarmBook(
        [],
        lambda one, it: search_cause(minutes, one, it.stream, it.began, FIRST + 4),
        lambda alarm, one: describe_alarm(alarm, one, OperatorCalendar()),
    )
    finding = MonitorFinding(monitor, (found,), frozenset({stream}), frozenset({"method"}))
    (alarm,) = book.changes([finding], FIRST + 4)
    return alarm


def test_the_reason_of_the_excess_is_told() -> None:
    """A usual reason is not named, however often it comes; the new one is, in both languages."""
    for monitor in (FAILURES, RATE):
        alarm = opened(monitor)
        assert alarm.cause == {"stage": "method", "method": "wechat"}
        assert [name for name, _ in alarm.reasons] == ["timeout"]
        assert "失败原因主要是支付超时（" in alarm.sentence["zh"]
        assert "mostly for timeout (" in alarm.sentence["en"]
        assert Alarm.read(alarm.plain).reasons == alarm.reasons


def test_a_time_without_a_fall_has_no_reason() -> None:
    """Reasons of other methods, and usual ones, account for nothing."""
    minutes = traffic()
    spans = [
        [c for m in range(FIRST, FIRST + 5) for c in minutes[m]],
        [c for m in minutes if m < FIRST for c in minutes[m]],
    ]
    assert find_reasons({"stage": "method", "method": "card"}, spans) == ()
    assert find_reasons({"stage": "method", "method": "wechat"}, spans[:1]) == ()
    many = find_reasons({"stage": "method", "method": "card, wechat"}, spans)
    assert [name for name, _ in many] == ["timeout"]


def test_an_alarm_tells_what_fell_and_what_did_not() -> None:
    """Each value of the searched attributes has its share now and as usual, kept with the alarm."""
    alarm = opened(RATE)
    parts = {part.value: part for part in alarm.parts}
    assert set(parts) == set(METHODS)
    assert parts["wechat"].rate < parts["wechat"].usual - 0.5
    assert abs(parts["alipay"].rate - parts["alipay"].usual) < 0.1
    assert parts["alipay"].arrivals == 100
    assert Alarm.read(alarm.plain) == alarm
    failures = {part.value: part.rate for part in opened(FAILURES).parts}
    assert failures["alipay"] < failures["wechat"] - 0.5


def test_an_alarm_of_an_earlier_version_has_no_parts() -> None:
    """An alarm that was kept before parts were told is read as it was."""
    kept = opened(RATE).plain
    del kept["parts"]
    assert Alarm.read(kept).parts == ()
