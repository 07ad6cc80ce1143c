"""The book of alarms: two monitors that find one trouble have one alarm, and it is quarantined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nudge.domain.alarms.alarm import Alarm, AlarmLevel
from nudge.domain.alarms.minute_counts import ARRIVED, FAILED, LeafCount
from nudge.domain.alarms.monitors import Monitor, WatchKind
from nudge.flows.alarms.alarm_book import AlarmBook
from nudge.flows.alarms.cause_search import Cause, search_cause
from nudge.flows.alarms.judge import MonitorFinding, StreamFinding
from nudge.flows.alarms.minute_sums import Stream

MINUTE = 30_000_000
CRITICAL = AlarmLevel.CRITICAL
CONVERSION = Monitor("conversion", WatchKind.RATE, ("method",), (), 0.3, AlarmLevel.WARNING)
PAYMENT = Monitor("payment", WatchKind.RATE, ("method",), (), 0.3, CRITICAL, quarantine=True)
STREAM = Stream("method")


def finding(monitor: Monitor, *, new: bool = True) -> MonitorFinding:
    found = (StreamFinding(STREAM, 20.0, MINUTE - 3, 0.1),) if new else ()
    return MonitorFinding(monitor, found, frozenset({STREAM}), frozenset({"method"}))


def book(alarms: Sequence[Alarm] = ()) -> AlarmBook:
    return AlarmBook(alarms, lambda *_: Cause({"stage": "method"}), said)


def said(_alarm: Alarm, _monitor: Monitor) -> Mapping[str, str]:
    return {"zh": "。", "en": "."}


def test_the_monitor_that_quarantines_opens_the_alarm() -> None:
    """Whichever stands first in the file: two find a trouble in one minute, one alarm opens."""
    (one,) = book().changes([finding(CONVERSION), finding(PAYMENT)], MINUTE)
    assert (one.monitor, one.level) == ("payment", CRITICAL)


def test_an_alarm_passes_to_the_monitor_that_quarantines() -> None:
    """The other saw the trouble first: the alarm stays the same, and is quarantined from now on."""
    first, later = [finding(CONVERSION)], [finding(CONVERSION, new=False), finding(PAYMENT)]
    (one,) = book().changes([*first, finding(PAYMENT, new=False)], MINUTE)
    assert one.monitor == "conversion"
    (other,) = book([one]).changes(later, MINUTE + 1)
    assert (other.id, other.steps) == (one.id, one.steps)
    assert (other.monitor, other.level) == ("payment", CRITICAL)
    assert book([other]).changes([finding(CONVERSION), finding(PAYMENT)], MINUTE + 2) == []


def test_failures_are_told_as_the_share_that_fails() -> None:
    """Three of four payments fail instead of one in twenty: the figures say just that."""
    monitor = Monitor("failures", WatchKind.FAILURES, ("method",), ("method",), 1.0, CRITICAL)
    minutes = {m: counts(m, MINUTE) for m in range(MINUTE - 110, MINUTE + 10)}
    stream = Stream("method", "method", "wechat")
    cause = search_cause(minutes, monitor, stream, MINUTE, MINUTE + 9)
    assert cause.values == {"stage": "method", "method": "wechat"}
    assert (round(cause.figures["rate"], 2), round(cause.figures["usual"], 2)) == (0.75, 0.05)


def counts(minute: int, fails_from: int) -> list[LeafCount]:
    """Twenty visits of each method in a minute; one method fails from some minute on."""
    failed = {"wechat": 15 if minute >= fails_from else 1, "card": 1}
    return [
        LeafCount("method", {"method": method}, kind, number)
        for method, fails in failed.items()
        for kind, number in ((ARRIVED, 20), (FAILED, fails))
    ]
