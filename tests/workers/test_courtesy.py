"""While many customers are planned for, folds leave the processor to that; else they do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nudge import clock
from nudge.settings.settings import Settings
from nudge.store.plans import bulk
from nudge.store.store import Store
from nudge.wiring.stores import patient_store
from nudge.workers.courtesy import LONGEST, TIMES, WAITS, Courtesy


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = patient_store(settings)
    yield store
    store.close()


def test_nobody_rests_for_nothing(store: Store) -> None:
    """Folds go on at once, and the archive runs when it is due, where nobody plans for many."""
    courtesy = Courtesy(store)
    assert courtesy.rest(5.0) == 0.0
    assert not courtesy.waits()


def test_folds_rest_longer_than_they_work(store: Store) -> None:
    """So many times as long, and never so long that a lease would run out."""
    courtesy = Courtesy(store)
    store.bulk.say()
    assert courtesy.rest(0.1) == pytest.approx(0.1 * TIMES)
    assert courtesy.rest(100.0) == LONGEST
    assert courtesy.rest(0.0) == 0.0


def test_the_archive_waits_and_not_for_ever(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long somebody plans, it runs after a while; then it waits again."""
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    courtesy = Courtesy(store)
    store.bulk.say()
    assert courtesy.waits()
    now += WAITS
    assert not courtesy.waits()
    store.client.call("DEL", store.keys.config("bulk"))
    assert not courtesy.waits()
    store.bulk.say()
    assert courtesy.waits()


def test_what_was_said_is_forgotten_by_itself(store: Store) -> None:
    """A planner who dies keeps no fold waiting."""
    store.bulk.say()
    assert store.bulk.is_on()
    assert 0 < store.client.call("PTTL", store.keys.config("bulk")) <= bulk.LASTS * 1000
