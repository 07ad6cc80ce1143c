"""Alarms in the store: written once, by whoever read them last."""

from __future__ import annotations

from dataclasses import replace

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.store.service.alarms import Judgement, StoredAlarm
from nudge.store.store import Store

SENTENCE = {"zh": "支付失败。", "en": "Payments fail."}
ALARM = Alarm(
    "a1",
    "paid",
    AlarmLevel.CRITICAL,
    {"method": "wechat"},
    60.0,
    120.0,
    SENTENCE,
    {"rate": 0.1},
    ("city",),
    steps=(AlarmStep(120.0, AlarmAction.OPEN, "monitor"),),
)
RESOLVED = ALARM.with_step(AlarmStep(300.0, AlarmAction.RESOLVE, "monitor", "well again"))


def test_an_alarm_is_read_as_it_was_written(store: Store) -> None:
    """An alarm comes back equal, at its first revision."""
    assert store.alarms.read("a1") is None
    assert store.alarms.put(StoredAlarm(ALARM))
    assert store.alarms.read("a1") == StoredAlarm(ALARM, 1)


def test_two_writers_of_one_revision_are_one(store: Store) -> None:
    """A change of an alarm that somebody changed meanwhile is refused, and nothing is written."""
    assert store.alarms.put(StoredAlarm(ALARM))
    assert not store.alarms.put(StoredAlarm(RESOLVED))
    assert store.alarms.put(StoredAlarm(RESOLVED, 1))
    assert not store.alarms.put(StoredAlarm(ALARM, 1))
    assert store.alarms.read("a1") == StoredAlarm(RESOLVED, 2)


def test_resolved_alarms_stay_in_the_history_only(store: Store) -> None:
    """An alarm is unresolved until its last step resolves it; the history is newest first."""
    later = replace(ALARM, id="a2", steps=(AlarmStep(500.0, AlarmAction.OPEN, "monitor"),))
    for one in (ALARM, later):
        assert store.alarms.put(StoredAlarm(one))
    assert [one.alarm.id for one in store.alarms.unresolved()] == ["a2", "a1"]
    store.alarms.put(StoredAlarm(RESOLVED, 1))
    assert [one.alarm.id for one in store.alarms.unresolved()] == ["a2"]
    assert [one.alarm.id for one in store.alarms.recent()] == ["a2", "a1"]
    assert [one.alarm.id for one in store.alarms.recent(since=500.0)] == ["a2"]
    store.alarms.put(StoredAlarm(RESOLVED.with_step(ALARM.steps[0]), 2))
    assert [one.alarm.id for one in store.alarms.unresolved()] == ["a2", "a1"]


def test_the_state_and_its_alarms_are_one_step(store: Store) -> None:
    """A judgement that was made twice, or beside another one, is written once."""
    after = Judgement(28, b"\x00state")
    assert store.alarms.judgement() == Judgement()
    assert store.alarms.settle(0, after, [StoredAlarm(ALARM)])
    assert not store.alarms.settle(0, after, [StoredAlarm(replace(ALARM, id="a2"))])
    assert store.alarms.judgement() == after
    assert store.alarms.read("a2") is None
    assert not store.alarms.settle(28, Judgement(29, b""), [StoredAlarm(RESOLVED, 7)])
    assert store.alarms.judgement() == after
