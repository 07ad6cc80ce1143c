"""The commands `nudge alarms list | show | act`, on a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alarm_samples import alarm
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge import clock
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.settings.settings import Settings
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store
from nudge.wiring.stores import patient_store


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store with two open alarms."""
    store = patient_store(settings)
    at = clock.now() - 600
    for one in (alarm("wechat", at), alarm("card", at + 60, AlarmLevel.WARNING)):
        assert store.alarms.put(StoredAlarm(one))
    yield store
    store.close()


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ("alarms", *words), env=settings.to_environ())


def told(settings: Settings, *words: str) -> Any:
    found = run(settings, *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


@pytest.mark.usefixtures("store")
def test_alarms_are_listed_and_one_is_shown_with_its_history(settings: Settings) -> None:
    """Alarms are listed by their latest step; a resolved one with `--all` only."""
    assert [one["id"] for one in told(settings, "list")] == ["card", "wechat"]
    assert told(settings, "act", "card", "resolve")["status"] == "resolved"
    assert [one["id"] for one in told(settings, "list")] == ["wechat"]
    assert {one["id"] for one in told(settings, "list", "--all")} == {"card", "wechat"}
    listing = run(settings, "list").stdout
    assert all(word in listing for word in ("wechat", "critical", "open"))
    assert "card" not in listing
    shown = run(settings, "show", "card").stdout
    assert "card warning resolved: payments by card fail" in shown
    assert "resolve by" in shown


@pytest.mark.usefixtures("store")
def test_a_step_is_taken_once_and_its_note_holds_no_number(settings: Settings) -> None:
    """A repeated command changes nothing; the history says who, and masks a phone number."""
    words = ("act", "wechat", "acknowledge", "--note", "called 13812345678")
    first = told(settings, *words)
    assert first["status"] == "acknowledged"
    assert told(settings, *words)["steps"] == first["steps"]
    assert "13812345678" not in json.dumps(first)
    assert len(first["steps"]) == 2


def test_a_silence_has_an_end(settings: Settings, store: Store) -> None:
    """A silence needs `--for`, a duration, which belongs to no other step."""
    silenced = told(settings, "act", "wechat", "silence", "--for", "2h")
    assert silenced["status"] == "silenced"
    stored = store.alarms.read("wechat")
    assert stored is not None
    step = stored.alarm.steps[-1]
    assert step.until == pytest.approx(step.at + 7200)
    for words in (
        ("act", "wechat", "silence"),
        ("act", "wechat", "resolve", "--for", "2h"),
        ("act", "wechat", "silence", "--for", "soon"),
        ("act", "wechat", "release"),
    ):
        refused = run(settings, *words)
        assert isinstance(refused.exception, InvalidRequestError), words
    assert store.alarms.read("wechat") == stored


@pytest.mark.usefixtures("store")
def test_an_unknown_alarm_is_named(settings: Settings) -> None:
    """Showing it and acting on it both say that there is none."""
    for words in (("show", "nobody"), ("act", "nobody", "resolve")):
        refused = run(settings, *words)
        assert isinstance(refused.exception, NotFoundError)
        assert "nobody" in str(refused.exception)
    assert run(settings, "act", "wechat", "reopen").exit_code == 2
