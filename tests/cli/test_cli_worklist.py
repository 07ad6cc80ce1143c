"""The commands `nudge worklist ...`, on a real store with the fold behind them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge import clock
from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.case import opening_record
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import EventTest, WarningRule
from nudge.domain.identity.sealing import Home, Sealer
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.folds.care import CareFold
from nudge.settings.settings import Settings
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

CONTACT = """
complaint_pause = "180d"
[[channels]]
name = "call"
consent = "unless_refused"
[[purposes]]
name = "winback"
"""
RULES = """
[[outcomes]]
name = "stays"
[[outcomes]]
name = "unreachable"
reached = false
"""
LEXICON = """
[[group]]
name = "speed"
complaints = ["慢"]
"""
DOCUMENTS = {
    "contact.toml": CONTACT,
    "warnings.toml": RULES,
    "lexicon.toml": LEXICON,
} | dict.fromkeys(("measures.toml", "winback.toml"), "")
VISITORS = ("=cmd()", "v-1", "v-2")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store in which three visitors have a case each, and may be called at any time."""
    store = patient_store(settings)
    for name, text in DOCUMENTS.items():
        assert store.documents.put(ConfigDocument(name, 1, text), 0, {})
    for number, visitor in enumerate(VISITORS):
        open_case(store, Sealer(settings.secret_key), visitor, number)
    fold(store)
    yield store
    store.close()


def open_case(store: Store, sealer: Sealer, visitor: str, number: int) -> None:
    hashed = sealer.visitor_hash(visitor)
    home = Home(hashed, sealer.partition(hashed, store.keys.partitions))
    (_, view), *_ = store.visitors.open_each([home], besides=False)
    at = clock.now() - 3600 + number
    rule = WarningRule("score_low", EventTest("feedback"), facts={"amount": 50.0})
    signal = Signal(at, "feedback", "f", "shop", 2.0)
    name = f"{view.partition}-{number:018x}"
    record = opening_record(name, view.subject, rule, "shop", at, signal)
    store.journal.append_once(view.partition, [Append(view.subject, record)], closes=True)


def fold(store: Store) -> None:
    """Let the fold catch up."""
    made = CareFold(store, RuleBook)
    for p in store.keys.every_partition():
        lease = store.folds.seize(p, made.name, "test", 60.0)
        state = made.prepare(p)
        while entries := store.journal.read(p, lease.position, made.batch):
            state, commit = made.handle(p, state, entries)
            lease = store.folds.commit(lease, commit)
        store.folds.release(lease)


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ("worklist", *words), env=settings.to_environ())


def told(settings: Settings, *words: str, status: int = 0) -> Any:
    found = run(settings, *words, "--json")
    assert found.exit_code == status, found.output
    return json.loads(found.stdout)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_cases_are_listed_shared_out_and_handed_over(settings: Settings, store: Store) -> None:
    """A team's agents get equal parts; who hands over has none left, also where it is repeated."""
    assert len(told(settings, "list")["cases"]) == 3
    shared = told(settings, "assign", "care", "--all", "--id", "a")
    assert shared["counts"] == {"assigned": 3, "unchanged": 0, "refused": 0}
    fold(store)
    assert {one["assignee"] for one in told(settings, "list", "--team", "care")["cases"]} == {
        "agent1",
        "agent2",
    }
    summary = told(settings, "summary")
    assert sorted(one["open"] for one in summary["agents"] if one["team"] == "care") == [1, 2]
    for _ in range(2):
        told(settings, "handover", "agent1", "agent2", "--id", "h")
        fold(store)
    assert told(settings, "list", "--assignee", "agent1")["cases"] == []
    (one, *_) = told(settings, "list", "--assignee", "agent2")["cases"]
    text = run(settings, "show", one["id"], "--lang", "en").stdout
    assert "by=handover" in text or "by=load" in text
    assert "reach" in run(settings, "list").stdout


@pytest.mark.usefixtures("store")
def test_an_agent_takes_the_next_case(settings: Settings) -> None:
    """The case that is due first is taken; a repeat gives the same, and the last gives none."""
    first = told(settings, "next", "agent1", "--id", "n")
    assert told(settings, "next", "agent1", "--id", "n")["case"]["id"] == first["case"]["id"]
    assert first["case"]["id"].endswith("-" + "0" * 18)
    others = [told(settings, "next", "agent2")["case"]["id"] for _ in range(2)]
    assert len({first["case"]["id"], *others}) == 3
    assert told(settings, "next", "agent1")["case"] is None
    assert "no case is left" in run(settings, "next", "agent1").stdout


def test_a_call_list_has_each_case_once_and_the_operators_ids(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    """Ids come from the operator's own file, and a formula in them is text; another list is empty.

    Who is not in the file is left out, and on no list.
    """
    rows = [["visitor_id", "msisdn"], *([one, ""] for one in VISITORS[:2]), ["v-9", "x"]]
    mine = write_csv(tmp_path / "mine.csv", rows)
    out = tmp_path / "calls.csv"
    done = told(settings, "export", "--out", str(out), "--customers", str(mine), "--batch", "b1")
    assert (done["listed"], done["unknown"], done["batch"]) == (2, 1, "b1")
    calls = read_csv(out)
    assert {one["visitor_id"] for one in calls} == {"'=cmd()", "v-1"}
    assert {(one["amount"], one["channel"], one["batch"]) for one in calls} == {
        ("50.0", "call", "b1")
    }
    fold(store)
    same = told(settings, "export", "--out", str(out), "--customers", str(mine), "--batch", "b1")
    assert same["listed"] == 2
    table = tmp_path / "calls.parquet"
    other = told(settings, "export", "--out", str(table))
    assert (other["listed"], other["exported"]) == (1, 2)
    assert pq.read_table(table).column("visitor_id").to_pylist() == [""]
    fold(store)
    again = told(settings, "export", "--out", str(table), "--again")
    assert (again["listed"], again["exported"]) == (3, 0)
    (one, *_) = told(settings, "list")["cases"]
    assert (one["state"], one["steps"][-1]["action"]) == ("open", "export")


def test_outcomes_are_imported_once(settings: Settings, store: Store, tmp_path: Path) -> None:
    """A repeat changes nothing; what does not fit is told by its line with the cure."""
    first, second, third = (one["id"] for one in told(settings, "list")["cases"])
    head = ["case", "outcome", "at", "agent", "channel", "seconds", "reached", "note", "close"]
    at = "2026-01-05T10:00:00+08:00"
    rows = [
        head,
        [first, "stays", at, "agent1", "call", "60", "yes", "call 13812345678", "yes"],
        [second, "unreachable", at, "", "call", "", "no", "", ""],
        [third, "married", at, "", "", "", "", "", ""],
        [third, "stays", "", "", "", "", "", "", ""],
        ["9-9", "stays", at, "", "", "", "", "", ""],
    ]
    file = write_csv(tmp_path / "outcomes.csv", rows)
    bad = tmp_path / "refused.csv"
    done = told(settings, "import", str(file), "--refused", str(bad), status=1)
    assert [one["line"] for one in read_csv(bad)] == ["4", "5", "6"]
    assert (done["taken"], done["refused"], done["known"]) == (2, 3, 0)
    assert [one["line"] for one in done["problems"]] == [4, 5, 6]
    assert "[[outcomes]]" in done["problems"][0]["problem"]
    fold(store)
    again = told(settings, "import", str(file), status=1)
    assert (again["taken"], again["known"]) == (0, 2)
    shown = told(settings, "show", first)
    assert [x["action"] for x in shown["steps"]] == ["open", "contact", "outcome", "close"]
    assert shown["steps"][1]["note"] == "call xxxxxxxxxxx"
    facts = shown["steps"][1]["facts"]
    assert (facts["cost"], facts["seconds"]) == (0.15, 60)
    bare = write_csv(tmp_path / "bare.csv", [["outcome"], ["stays"]])
    assert "no column case" in str(run(settings, "import", str(bare)).exception)


@pytest.mark.usefixtures("store")
def test_what_does_not_fit_is_refused_with_the_cure(settings: Settings) -> None:
    """Names and ids that are unknown are told, and options that contradict each other."""
    assert isinstance(run(settings, "show", "0-1").exception, NotFoundError)
    assert isinstance(run(settings, "assign", "dan", "--all").exception, InvalidRequestError)
    assert isinstance(run(settings, "next", "dan").exception, InvalidRequestError)
    assert run(settings, "assign", "care").exit_code == 2
    assert run(settings, "handover", "agent1", "agent1").exit_code == 2
    assert run(settings, "list", "--due-before", "soon").exit_code == 2
