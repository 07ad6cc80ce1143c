"""The rounds of the monitors: an outage is found, named once, and resolved when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel
from nudge.domain.alarms.minute_counts import delay_field, field_of, leaf_of
from nudge.domain.alarms.monitors import Monitor, Monitors, WatchKind
from nudge.domain.alarms.watch_plan import WatchedStage, WatchPlan
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.flows.alarms.judge import Judge
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.rounds import EVERY, KEPT, MOST, MonitorRounds
from nudge.flows.alarms.watch_state import decode_state, encode_state
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

FIRST = 30_000_000
METHODS = {"wechat": 0.3, "alipay": 0.5, "card": 0.2}
CHANNELS = {"app": 0.6, "web": 0.4}
PLAN = WatchPlan((WatchedStage("method", ()), WatchedStage("paid", ())))
PAYMENT = Monitor(
    "payment",
    WatchKind.RATE,
    ("method",),
    ("channel", "method"),
    0.3,
    AlarmLevel.CRITICAL,
    quarantine=True,
)
MONITORS = Monitors((PAYMENT,))
Fields = Counter[str]


def traffic(minutes: int, outage: range, seed: int = 7) -> list[Fields]:
    """Fifty visits a minute, four in ten of which pay a minute later; one method fails."""
    rng = np.random.default_rng(seed)
    found: list[Fields] = [Counter() for _ in range(minutes + 1)]
    for minute in range(minutes):
        for channel, of_channel in CHANNELS.items():
            for method, of_method in METHODS.items():
                leaf = leaf_of("method", {"channel": channel, "method": method})
                came = int(rng.poisson(50 * of_channel * of_method))
                fails = method == "wechat" and minute in outage
                paid = 0 if fails else int(rng.binomial(came, 0.4))
                found[minute][field_of(leaf, "a")] += came
                found[minute + 1][field_of(leaf, "s")] += paid
                found[minute + 1][delay_field("method", 1)] += paid
    return found[:-1]


class StoredMinutes:
    """Minute counts as the fold would have written them, up to a minute."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def write(self, minutes: Sequence[Fields], until: int) -> None:
        """Write the counts of two partitions, and that both are counted up to a minute."""
        for number, fields in enumerate(minutes):
            for p in (0, 1):
                key = self.store.keys.minutes(p, FIRST + number)
                parts = [(name, (count + p) // 2) for name, count in fields.items()]
                self.store.client.call("HSET", key, *(one for pair in parts for one in pair))
        self.pass_to(until)

    def pass_to(self, minute: int) -> None:
        """Let both partitions pass a minute; something is left to read in each."""
        for p in self.store.keys.every_partition():
            self.store.client.call("SET", self.store.keys.seq(p), 9)
            key = self.store.keys.fold(p, "monitor")
            self.store.client.call("HSET", key, "watermark", repr((FIRST + minute) * 60.0))


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def rounds(store: Store) -> MonitorRounds:
    judge = Judge(MONITORS, PLAN, JudgedTime(OperatorCalendar()))
    return MonitorRounds(store, lambda: judge, lambda _alarm, _monitor: {"zh": "。", "en": "."})


def run(store: Store, minutes: StoredMinutes, until: int, *, each: bool = True) -> list[Alarm]:
    """Judge up to a minute, in one process or in a new one for every few minutes."""
    changed: list[Alarm] = []
    mine = rounds(store)
    for minute in range(0, until + 1, 7):
        minutes.pass_to(min(minute, until))
        mine = mine if each else rounds(store)
        changed += mine.turn()
    return changed


OUTAGE = range(150, 175)


def test_an_outage_of_one_method_is_named_once_and_resolved(store: Store) -> None:
    """The alarm has the method and the stage, dates the beginning, and ends with the outage."""
    minutes = StoredMinutes(store)
    minutes.write(traffic(200, OUTAGE), 0)
    changed = run(store, minutes, 199)
    assert [one.steps[-1].action for one in changed] == [AlarmAction.OPEN, AlarmAction.RESOLVE]
    alarm = changed[0]
    assert alarm.cause == {"stage": "method", "method": "wechat"}
    assert alarm.level is AlarmLevel.CRITICAL
    assert abs(alarm.began / 60 - FIRST - OUTAGE.start) <= 5
    assert alarm.opened / 60 - FIRST - OUTAGE.start <= 15
    assert changed[1].steps[-1].at / 60 - FIRST >= OUTAGE.stop
    assert store.alarms.unresolved() == []


def test_a_process_that_dies_changes_nothing(store: Store) -> None:
    """Another process after every few minutes comes to the same alarms and the same bits."""
    minutes, times = StoredMinutes(store), []
    minutes.write(traffic(200, OUTAGE), 0)
    states = []
    for each in (True, False):
        found = run(store, minutes, 190, each=each)
        times.append([(one.id, one.began, len(one.steps)) for one in found])
        states.append(store.alarms.judgement())
        for name in ("alarms", "alarm_times", "alarms_open", "judgement"):
            store.client.call("DEL", store.keys.config(name))
    assert len(times[0]) == 2
    assert times[0] == times[1]
    assert states[0] == states[1]


def test_a_quiet_time_has_no_alarm(store: Store) -> None:
    """Without an outage nothing is opened; the state is written every few minutes all the same."""
    minutes = StoredMinutes(store)
    minutes.write(traffic(160, range(0)), 0)
    assert run(store, minutes, 160) == []
    judged = store.alarms.judgement()
    assert FIRST + 160 - judged.minute <= 2 * EVERY + 7
    state = decode_state(judged.state)
    assert state is not None
    assert encode_state(state) == judged.state


def test_minutes_that_are_gone_are_skipped(store: Store) -> None:
    """A fold that begins late, or stands still for long, costs no minute of waiting."""
    minutes = StoredMinutes(store)
    minutes.pass_to(-FIRST)
    mine = rounds(store)
    mine.turn()
    minutes.pass_to(0)
    for _ in range(2 + KEPT // MOST):
        mine.turn()
    assert 0 <= FIRST - store.alarms.judgement().minute <= 2 * EVERY


def test_a_worker_that_was_overtaken_begins_again(store: Store) -> None:
    """Two workers that both judge leave one alarm: the second one's writing is refused."""
    minutes = StoredMinutes(store)
    minutes.write(traffic(170, OUTAGE), 145)
    one, other = rounds(store), rounds(store)
    for worker in (one, other):
        for _ in range(5):
            worker.turn()
    minutes.pass_to(165)
    found = [*one.turn(), *other.turn(), *one.turn(), *other.turn()]
    assert len(found) == 1
    assert [one.alarm.id for one in store.alarms.recent()] == [found[0].id]
