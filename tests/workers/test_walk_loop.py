"""The loop of walks: one failed walk may be a restart, two in a row are an alarm."""

from __future__ import annotations

from collections.abc import Iterator

from worker_site import Site

from nudge.errors import InvalidConfigError
from nudge.workers.service_loop import ServiceLoop
from nudge.workers.store_check import StoreCheck
from nudge.workers.walk_loop import WalkLoop

START = 1_795_579_200.0


def walks(*steps: str) -> WalkLoop:
    left: Iterator[str] = iter(steps)
    return WalkLoop(lambda: next(left))


def test_two_failed_walks_in_a_row_count() -> None:
    """The step is that of the last walk; one that goes well ends it."""
    loop, found = walks("shown", "", "health", "decisions", "record", ""), []
    for _ in range(6):
        loop.turn()
        found.append(loop.read_failed())
    assert found == ["", "", "", "decisions", "record", ""]


def test_who_cannot_walk_says_nothing() -> None:
    """Without a key there is no walk, and no alarm of the service."""

    def walk() -> str:
        raise InvalidConfigError(["no API key"])

    loop = WalkLoop(walk)
    loop.turn()
    loop.turn()
    assert loop.read_failed() == ""


def test_a_failed_walk_is_an_alarm_that_names_its_step_and_ends(site: Site) -> None:
    """It opens after a minute, says where in both languages, and is over with a good walk."""
    walking = walks("decisions", "decisions", "")
    check = StoreCheck(site.store, site.settings.store_note)
    loop = ServiceLoop(site.store, "one", 60.0, check, walking.read_failed)
    walking.turn()
    assert [loop.turn(START + at) for at in range(0, 120, 10)] == [[]] * 12
    walking.turn()
    changed = [one for at in range(120, 240, 10) for one in loop.turn(START + at)]
    assert [one.monitor for one in changed] == ["service.walk"]
    assert all("decisions" in text for text in changed[0].sentence.values())
    walking.turn()
    assert [one for at in range(240, 600, 10) for one in loop.turn(START + at)]
    assert site.store.alarms.unresolved() == []
