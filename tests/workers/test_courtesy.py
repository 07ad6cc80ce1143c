"""While many customers are planned for, folds leave the processor to that; else they do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nudge import clock
from nudge.settings.settings import Settings
from nudge.store.plans import bulk
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys
from nudge.workers.courtesy import LONGEST, TIMES, WAITS, Courtesy


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    made = clients.patient(settings.store_url)
    yield made
    made.close()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.namespace, settings.partitions)


def test_nobody_rests_for_nothing(client: Client, keys: Keys) -> None:
    """Where nobody plans for many, folds go on at once and the archive runs when it is due."""
    courtesy = Courtesy(client, keys)
    assert courtesy.rest(5.0) == 0.0
    assert not courtesy.waits()


def test_folds_rest_longer_than_they_work(client: Client, keys: Keys) -> None:
    """So many times as long, and never so long that a lease would run out."""
    courtesy = Courtesy(client, keys)
    bulk.say(client, keys)
    assert courtesy.rest(0.1) == pytest.approx(0.1 * TIMES)
    assert courtesy.rest(100.0) == LONGEST
    assert courtesy.rest(0.0) == 0.0


def test_the_archive_waits_and_not_for_ever(
    client: Client, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long somebody plans, it runs after a while; then it waits again."""
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    courtesy = Courtesy(client, keys)
    bulk.say(client, keys)
    assert courtesy.waits()
    now += WAITS
    assert not courtesy.waits()
    client.call("DEL", keys.config("bulk"))
    assert not courtesy.waits()
    bulk.say(client, keys)
    assert courtesy.waits()


def test_what_was_said_is_forgotten_by_itself(client: Client, keys: Keys) -> None:
    """Whoever dies while planning keeps no fold waiting."""
    bulk.say(client, keys)
    assert bulk.is_on(client, keys)
    assert 0 < client.call("PTTL", keys.config("bulk")) <= bulk.LASTS * 1000
