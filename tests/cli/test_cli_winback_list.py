"""The commands `nudge winback list | show | assign | ... | export | mend`, on a real store."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge import clock
from nudge.domain.care.case import case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, EventTest, WarningRule
from nudge.domain.contact.contact import Consent
from nudge.domain.people.visitor import VisitorState
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.winback.winback_desk import open_desk, setup_of
from nudge.flows.winback.winback_ranking import WinbackRanking
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.command import open_installation

NAMES = [f"0-{number:018x}" for number in range(3)]


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store with open cases of win-back, ranked, and one warning."""
    with open_installation(settings) as found:
        for number, name in enumerate(NAMES):
            put_case(found.store, name, f"{number:032x}", 10.0 * number, CaseKind.WINBACK)
        put_case(found.store, "0-" + "f" * 18, "f" * 32, 9.0, CaseKind.WARNING)
        setup = setup_of(found.configuration)
        ranking = WinbackRanking(found.store, lambda: open_desk(found.store, setup, clock.now()))
        assert sum(ranking.rank_all()) == len(NAMES)
        yield found.store


def put_case(store: Store, name: str, subject: str, ago: float, kind: CaseKind) -> None:
    """Write an open case, and its visitor, who consents to calls."""
    at = clock.now() - 3600 - ago
    facts = {"stage": "method", "reason": "=timeout", "method": "wallet", "left_at": at}
    rule = WarningRule("left", EventTest("paid"), kind=kind, facts=facts)
    case = case_of(0, opening_record(name, subject, rule, "", at, Signal(at, "path_left", "e")), at)
    state = VisitorState(watermark=at, consents=(Consent("call", at, given=True),))
    for one in (*store.cases.put(0, None, case), store.visitor_states.put(0, subject, state)):
        store.client.call(one.command, one.key, *one.args)


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ("winback", *words), env=settings.to_environ())


def told(settings: Settings, *words: str) -> Any:
    found = run(settings, *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


@pytest.mark.usefixtures("store")
def test_cases_are_listed_shown_and_followed_up(settings: Settings) -> None:
    """The list goes on behind its cursor; a step is told at once, and a repeat is one."""
    first = told(settings, "list", "--limit", "2")
    second = told(settings, "list", "--limit", "2", "--cursor", first["cursor"])
    assert [one["id"] for one in (*first["winback"], *second["winback"])] == NAMES
    assert told(settings, "list", "--stage", "home")["winback"] == []
    assert "Win-back" in run(settings, "list", "--lang", "zh").stdout
    shown = told(settings, "show", NAMES[0])
    assert [one["channel"] for one in shown["reach"]] == ["call", "sms"]
    for _ in range(2):
        case = told(settings, "assign", NAMES[0], "care_team", "--by", "ann", "--id", "i1")
        assert (case["state"], case["assignee"]) == ("assigned", "care_team")
    assert "assign care_team by ann" not in run(settings, "show", NAMES[1]).stdout


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("name", ["calls.csv", "calls.parquet"])
def test_the_whole_list_becomes_a_file(settings: Settings, tmp_path: Path, name: str) -> None:
    """Each case is one row with the same columns; CSV quotes what looks like a formula."""
    path = tmp_path / name
    assert told(settings, "export", "--out", str(path))["rows"] == len(NAMES)
    if path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
        assert [row["reason"] for row in rows] == ["=timeout"] * 3
    else:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        assert [row["reason"] for row in rows] == ["'=timeout"] * 3
    assert [row["id"] for row in rows] == NAMES


@pytest.mark.usefixtures("store")
def test_a_cause_is_declared_mended_and_taken_back(settings: Settings) -> None:
    """Declaring it twice is one; the list shows it with who did what."""
    words = ("mend", "--method", "wallet", "--since", "2026-01-01", "--why", "ok 13812345678")
    one, again = told(settings, *words), told(settings, *words)
    assert one == again
    assert "138" not in one["why"]
    assert told(settings, "list", "--mended")["winback"]
    assert [x["id"] for x in told(settings, "causes")["causes"]] == [one["id"]]
    assert told(settings, "unmend", one["id"])["taken_back"]
    assert "taken back" in run(settings, "causes").stdout


@pytest.mark.usefixtures("store")
def test_what_does_not_fit_is_named(settings: Settings) -> None:
    """An unknown person, case or cause is refused; a warning is no case of win-back."""
    for words, kind in (
        (("assign", NAMES[0], "nobody"), InvalidRequestError),
        (("show", "0-b"), NotFoundError),
        (("contact", "0-" + "f" * 18), NotFoundError),
        (("unmend", "b"), NotFoundError),
        (("list", "--cursor", "x"), InvalidRequestError),
        (("list", "--from", "never"), InvalidRequestError),
    ):
        assert isinstance(run(settings, *words).exception, kind), words
    assert run(settings, "mend", "--since", "2026-01-01").exit_code == 2
    reversed_ = ("mend", "--stage", "method", "--since", "2026-02-01", "--until", "2026-01-01")
    assert run(settings, *reversed_).exit_code != 0
