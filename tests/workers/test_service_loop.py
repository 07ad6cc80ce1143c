"""The service watches itself: its troubles open alarms in the store, once, and they end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from places import ROOT
from worker_site import Site

from nudge.config.slot_file import load_slots
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStatus, AlarmStep
from nudge.domain.alarms.service_alarms import ServiceMonitor
from nudge.domain.slots.slot import SlotMode
from nudge.errors import StoreAwayError
from nudge.store.service.alarms import StoredAlarm
from nudge.workers.service_loop import ServiceLoop
from nudge.workers.store_check import StoreCheck

START: Final = 1_795_579_200.0
TTL: Final = 60.0


def loop_of(site: Site, owner: str = "one") -> ServiceLoop:
    return ServiceLoop(site.store, owner, TTL, StoreCheck(site.store, site.settings.store_note))


def play(loop: ServiceLoop, start: float, seconds: int) -> list[tuple[str, str]]:
    """Look every ten seconds; return monitors and statuses of what changed."""
    found: list[Alarm] = []
    for at in range(0, seconds, 10):
        found += loop.turn(start + at)
    return [(one.monitor, one.status(start + seconds).value) for one in found]


def freeze(site: Site, mode: SlotMode) -> None:
    current = site.store.slots.current().get("banner")
    slot = current or load_slots(ROOT / "config" / "slots")["banner"]
    changed = replace(slot, mode=mode, revision=slot.revision + 1)
    assert site.store.slots.put(changed, current)


def test_a_frozen_slot_opens_one_alarm_that_ends(site: Site) -> None:
    """It opens after a minute, is not repeated, and is resolved when the slot lives again."""
    freeze(site, SlotMode.FROZEN)
    loop = loop_of(site)
    assert play(loop, START, 600) == [("service.slot_frozen", "open")]
    [stored] = site.store.alarms.unresolved()
    assert stored.alarm.cause == {"slot": "banner"}
    assert "banner" in stored.alarm.sentence["zh"]
    freeze(site, SlotMode.LIVE)
    assert play(loop, START + 600, 600) == [("service.slot_frozen", "resolved")]
    assert site.store.alarms.unresolved() == []


def test_another_worker_goes_on_with_the_same_alarm(site: Site) -> None:
    """A restart opens nothing twice and resolves what the worker before it opened."""
    freeze(site, SlotMode.FROZEN)
    play(loop_of(site), START, 600)
    site.store.alarms.release("one")
    other = loop_of(site, "two")
    assert play(other, START + 600, 600) == []
    freeze(site, SlotMode.LIVE)
    assert play(other, START + 1_200, 600) == [("service.slot_frozen", "resolved")]


def test_what_a_person_resolved_is_not_opened_again_while_it_lasts(site: Site) -> None:
    """The trouble goes on, and somebody knows of it."""
    freeze(site, SlotMode.FROZEN)
    loop = loop_of(site)
    play(loop, START, 600)
    [stored] = site.store.alarms.unresolved()
    step = AlarmStep(START + 600, AlarmAction.RESOLVE, "ops")
    assert site.store.alarms.put(StoredAlarm(stored.alarm.with_step(step), stored.revision))
    assert play(loop, START + 610, 600) == []


def test_a_store_that_was_away_is_told_when_it_is_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Troubles seen meanwhile are written then: one alarm, which ends five minutes later."""
    loop = loop_of(site)
    play(loop, START, 60)
    for at in range(60, 300, 10):
        loop.miss(START + at)
    with monkeypatch.context() as patch:
        patch.setattr(site.store.alarms.__class__, "put", _away)
        with pytest.raises(StoreAwayError):
            loop.turn(START + 300)
    told = [("service.store_away", status) for status in ("open", "resolved")]
    assert play(loop, START + 310, 600) == told
    [stored] = site.store.alarms.recent(START)
    assert [one.action for one in stored.alarm.steps] == [AlarmAction.OPEN, AlarmAction.RESOLVE]
    assert stored.alarm.figures == {"figure": 230.0}
    assert stored.alarm.status(START + 10_000) is AlarmStatus.RESOLVED


def test_a_quiet_service_has_no_alarm(site: Site) -> None:
    """Nothing is wrong, nothing is written."""
    assert play(loop_of(site), START, 300) == []
    assert site.store.alarms.recent() == []
    assert ServiceMonitor.FOLD_LAG.value == "service.fold_lag"


def _away(*_: object) -> bool:
    raise StoreAwayError("away")
