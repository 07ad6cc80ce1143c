"""The commands `nudge warnings list | show | assign | ...`, on a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge import clock
from nudge.domain.care.case import case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseLevel, EventTest, WarningRule
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

NAME = "0-" + "a" * 18


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store with one open case."""
    store, at = patient_store(settings), clock.now() - 60
    signal = Signal(at, "feedback", "f", "shop", 2.0)
    rule = WarningRule("score_low", EventTest("feedback"), CaseLevel.CRITICAL, topic="score")
    record = opening_record(NAME, "5" * 32, rule, "shop", at, signal)
    for write in store.cases.put(0, None, case_of(0, record, at)):
        store.client.call(write.command, write.key, *write.args)
    yield store
    store.close()


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ("warnings", *words), env=settings.to_environ())


def told(settings: Settings, *words: str) -> Any:
    found = run(settings, *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


@pytest.mark.usefixtures("store")
def test_warnings_are_listed_shown_and_assigned(settings: Settings) -> None:
    """The list has what is not closed; a step is told at once, and a repeat is one."""
    assert [one["id"] for one in told(settings, "list")["warnings"]] == [NAME]
    assert told(settings, "list", "--level", "info")["warnings"] == []
    assert told(settings, "show", NAME)["score"] == 2
    for _ in range(2):
        case = told(settings, "assign", NAME, "care_team", "--by", "ann", "--id", "i1")
        assert (case["state"], case["assignee"]) == ("assigned", "care_team")
    assert "Warnings" in run(settings, "list").stdout


@pytest.mark.usefixtures("store")
def test_what_does_not_fit_is_named(settings: Settings) -> None:
    """An unknown person, outcome or case is refused with the cure."""
    for words, kind in (
        (("assign", NAME, "nobody"), InvalidRequestError),
        (("outcome", NAME, "gone"), InvalidRequestError),
        (("close", NAME), InvalidRequestError),
        (("show", "0-b"), NotFoundError),
        (("contact", "0-b"), NotFoundError),
    ):
        assert isinstance(run(settings, *words).exception, kind)
