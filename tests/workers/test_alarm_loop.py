"""The loop of the monitors: one worker judges, and an outage of payment teaches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from nudge.config.documents.configuration import Configuration
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.alarms.quarantine import QuarantineScope
from nudge.flows.upkeep import quarantine as quarantines
from nudge.settings.settings import Settings
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store
from nudge.wiring.stores import patient_store
from nudge.workers.alarms.alarm_loop import AlarmLoop, scope_of
from nudge.workers.store_check import StoreCheck

NOW = 1_790_000_000.0
STEP = AlarmStep(NOW, AlarmAction.OPEN, "monitor")
OUTAGE = Alarm(
    "a1",
    "payment",
    AlarmLevel.CRITICAL,
    {"stage": "method", "method": "wechat"},
    NOW - 240,
    NOW,
    {"zh": "支付失败。", "en": "Payments fail."},
    steps=(STEP,),
)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = patient_store(settings)
    yield store
    store.close()


def loop(store: Store, settings: Settings, owner: str = "one") -> AlarmLoop:
    current = Configuration(settings)
    check = StoreCheck(store, settings.store_note)
    return AlarmLoop(store, lambda: current, owner, 5.0, check)


def test_an_outage_of_payment_is_quarantined_while_it_lasts(
    store: Store, settings: Settings
) -> None:
    """The interval reaches back behind the beginning, goes on with the alarm, and then ends."""
    assert store.alarms.put(StoredAlarm(OUTAGE))
    mine = loop(store, settings)
    mine.turn(NOW)
    (found,) = store.quarantines.current().values()
    assert found.scope == QuarantineScope(method="wechat")
    assert found.start <= OUTAGE.began - quarantines.REACH
    assert found.end > NOW
    stored = store.alarms.read("a1")
    assert stored is not None
    assert stored.alarm.quarantine == found.id
    mine.turn(NOW + 900)
    assert store.quarantines.current()[found.id].end > NOW + 900
    stored = store.alarms.read("a1")
    assert stored is not None
    over = stored.alarm.with_step(replace(STEP, action=AlarmAction.RESOLVE))
    assert store.alarms.put(StoredAlarm(over, stored.revision))
    last = store.quarantines.current()[found.id].end
    mine.turn(NOW + 3600)
    assert store.quarantines.current()[found.id].end == last


def test_a_fall_that_says_nothing_of_payment_is_not_quarantined(
    store: Store, settings: Settings
) -> None:
    """A monitor without `quarantine` marks nothing."""
    assert store.alarms.put(StoredAlarm(replace(OUTAGE, monitor="conversion")))
    loop(store, settings).turn(NOW)
    assert store.quarantines.current() == {}


def test_one_worker_has_the_turn(store: Store, settings: Settings) -> None:
    """A second worker does nothing while the first one has the lease."""
    loop(store, settings).turn(NOW)
    assert store.alarms.put(StoredAlarm(OUTAGE))
    loop(store, settings, "other").turn(NOW)
    assert store.quarantines.current() == {}


@pytest.mark.parametrize(
    ("cause", "scope"),
    [
        ({"stage": "method"}, QuarantineScope()),
        ({"channel": "app"}, QuarantineScope(channel="app")),
        ({"channel": "app", "method": "card"}, QuarantineScope(method="card")),
        ({"method": "card, wechat"}, QuarantineScope()),
        ({"city": "1"}, QuarantineScope()),
    ],
)
def test_a_scope_is_never_narrower_than_its_cause(
    cause: dict[str, str], scope: QuarantineScope
) -> None:
    """A quarantine knows one method or one channel; for any other cause everything waits."""
    assert scope_of(replace(OUTAGE, cause=cause)) == scope
