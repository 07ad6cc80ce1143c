"""Tests of the store's time where the clock of its processes is moved."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import pytest

from nudge import clock
from nudge.domain.journal.records import Mark
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire.moved_time import TIME, WALL_KEY, wall_text, with_moved_time
from nudge.wiring.stores import patient_store

LONG_AGO = 1_700_000_000.25


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    found = patient_store(settings)
    yield found
    found.client.call("DEL", WALL_KEY)
    found.close()


def test_a_record_is_stamped_with_the_moved_time(store: Store) -> None:
    """While the clock is moved a stamp is what the key holds; behind it, the server's time."""
    store.client.call("SET", WALL_KEY, wall_text(LONG_AGO))
    with clock.moved(lambda: LONG_AGO):
        store.journal.append_mark(0, Mark("heartbeat"))
        seconds, micros = store.client.call(*TIME)
        assert (int(seconds), int(micros)) == (1_700_000_000, 250_000)
    store.journal.append_mark(0, Mark("heartbeat"))
    first, second = store.journal.read(0, 0, 10)
    assert first.stamp == LONG_AGO
    assert abs(second.stamp - clock.now()) < 3600


def test_no_script_has_a_time_of_its_own() -> None:
    """A text for a moved clock asks the server for no time: all would be stamped by two clocks."""
    for file in resources.files("nudge.store").joinpath("lua").iterdir():
        text = with_moved_time(file.read_text("utf-8"))
        code = "\n".join(line.partition("--")[0] for line in text.splitlines())
        assert "TIME'" not in code, file.name
        assert 'TIME"' not in code, file.name


def test_a_clock_is_moved_for_a_time_alone() -> None:
    """Behind the block that moved it the clock is the machine's, also where an error ended it."""

    def fail() -> None:
        with clock.moved(lambda: LONG_AGO):
            assert clock.now() == LONG_AGO
            assert clock.is_moved()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not clock.is_moved()
