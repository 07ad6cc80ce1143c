"""Rows that an operator brings in are known to decisions; one that does not fit is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge.domain.identity.sealing import Sealer
from nudge.domain.people.loading import column_problems
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.domain.values.cells import parse_cell
from nudge.flows.folds.attribute import AttributeFold
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store
from nudge.workers.runner import Runner

ROWS: list[dict[str, Any]] = [
    {"visitor_id": "a", "msisdn": "13812345678", "city_tier": 1, "consent_sms": True},
    {"visitor_id": "b", "msisdn": None, "city_tier": 2, "consent_sms": False},
    {"visitor_id": "c", "msisdn": "no number", "city_tier": 3, "consent_sms": None},
    {"visitor_id": "", "msisdn": None, "city_tier": 3, "consent_sms": None},
]


def written(path: Path, kind: str) -> Path:
    """The rows as a file."""
    file = path / f"customers.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), file)
        return file
    lines = [",".join(ROWS[0])]
    for row in ROWS:
        cells = ("" if value is None else str(value).lower() for value in row.values())
        lines.append(",".join(cells))
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(entry.cli, words)


def known(settings: Settings, *visitors: str) -> list[VisitorState]:
    """The states, after the fold has read all."""
    store = patient_store(settings)
    sealer = Sealer(settings.secret_key)
    fold: Any = AttributeFold(store)
    runner: Runner[Any] = Runner(store, fold, "test")
    while runner.turn():
        pass
    found = []
    for visitor in visitors:
        hashed = sealer.visitor_hash(visitor)
        opened = store.visitors.known_visitor(
            sealer.partition(hashed, store.keys.partitions), hashed
        )
        found.append(decode_state(opened.state) if opened and opened.state else VisitorState())
    store.close()
    return found


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_is_brought_in_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    """Attributes, consent and region are known; the same file again changes nothing."""
    file = str(written(tmp_path, kind))
    first = run(settings, monkeypatch, "load", "visitors", file, "--json")
    assert first.exit_code == 1, first.output
    told = json.loads(first.stdout)
    assert [told[name] for name in ("rows", "taken", "refused", "known")] == [4, 3, 1, 0]
    unit, first_row = ("line", 2) if kind == "csv" else ("row", 1)
    assert [one[unit] - first_row + 1 for one in told["problems"]] == [4]
    assert [one[unit] - first_row + 1 for one in told["warnings"]] == [3]
    again = json.loads(run(settings, monkeypatch, "load", "visitors", file, "--json").stdout)
    assert (told["records"], again["records"]) == (6, 0)
    assert [again[name] for name in ("rows", "taken", "refused", "known")] == [4, 0, 1, 3]
    a, b = known(settings, "a", "b")
    assert a.context()["city_tier"] == 1
    assert a.context()["province"] == "江苏"
    assert [(x.channel, x.given) for x in (*a.consents, *b.consents)] == [
        ("sms", True),
        ("sms", False),
    ]
    assert "13812345678" not in first.stdout + first.stderr


def test_rows_that_are_new_are_told_from_those_that_are_known(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that grew: only its new rows are taken, whatever else they have in common."""
    file = tmp_path / "customers.csv"
    rows = [f"grown-{n},138123456{n:02d},{n % 3},y" for n in range(40)]
    head = "visitor_id,msisdn,city_tier,consent_sms"
    for count, known in ((10, 0), (40, 10)):
        file.write_text("\n".join([head, *(one.replace(",y", ",true") for one in rows[:count])]))
        done = run(settings, monkeypatch, "load", "visitors", str(file), "--json")
        told = json.loads(done.stdout)
        assert (told["taken"], told["known"]) == (count - known, known)
        assert told["records"] == 3 * (count - known)


def test_f06_a_ragged_line_costs_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Rows behind it are loaded too; its line is told, and nothing of it is repeated."""
    file = tmp_path / "customers.csv"
    file.write_text("visitor_id,city_tier\nr1,1\n13812345678\nr2,2\nr3,3,3\nr4,\n")
    done = run(settings, monkeypatch, "load", "visitors", str(file))
    assert done.exit_code == 1
    assert "5 rows (CSV, UTF-8, separated by comma): 3 taken, 2 refused" in done.stdout
    assert "line 3: has 1 cells, the header has 2" in done.stderr
    assert "line 5: has 3 cells" in done.stderr
    assert "13812345678" not in done.stdout + done.stderr
    assert [one.context().get("city_tier") for one in known(settings, "r1", "r2")] == [1, 2]
    stopped = run(settings, monkeypatch, "load", "visitors", str(file), "--strict")
    assert "line 3: has 1 cells" in str(stopped.exception)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "utf-16"])
def test_f07_a_file_of_a_chinese_spreadsheet_is_loaded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    """The form is recognised and said."""
    file = tmp_path / "customers.csv"
    file.write_bytes("visitor_id;city\r\ns1;宁波\r\ns2;南京\r\n".encode(encoding))
    done = run(settings, monkeypatch, "load", "visitors", str(file), "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["taken"]) == (0, 2)
    assert told["form"].endswith("separated by semicolon")
    assert [one.context()["city"] for one in known(settings, "s1", "s2")] == ["宁波", "南京"]


@pytest.mark.parametrize(
    "ids", [[["a"]], [{"a": 1}], [True], [date(2026, 1, 1)], [b"a"], [None]], ids=str
)
def test_f05_a_column_that_cannot_be_an_id_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ids: list[object]
) -> None:
    """Before anything is written; the type is told, and no value."""
    file = tmp_path / "customers.parquet"
    pq.write_table(pa.table({"visitor_id": ids, "city_tier": [1]}), file)
    done = run(settings, monkeypatch, "load", "visitors", str(file))
    assert "column 'visitor_id' holds " in str(done.exception)


def test_f26_a_column_name_twice_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody knows which of the two is meant."""
    file = tmp_path / "customers.csv"
    file.write_text("visitor_id,consent_sms,consent_sms \nd1,true,false\n")
    done = run(settings, monkeypatch, "load", "visitors", str(file))
    assert "columns 2 and 3 have the same name" in str(done.exception)
    assert known(settings, "d1") == [VisitorState()]


def test_wrong_columns_are_told_before_anything_is_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each with its cure."""
    file = tmp_path / "customers.csv"
    file.write_text("id,City\n1,x\n", encoding="utf-8")
    result = run(settings, monkeypatch, "load", "visitors", str(file))
    assert result.exit_code != 0
    problems = column_problems(("id", "City"), ("id", "City"))
    assert len(problems) == 2
    assert all(name in str(problems) for name in ("visitor_id", "City"))


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12", 12), ("0571", "0571"), ("1.50", 1.5), ("-3", -3), ("yes", True), ("宁波", "宁波")],
)
def test_text_is_read_as_what_it_is(cell: str, value: object) -> None:
    """Numbers, true and false are such; what begins with 0 is a code, and stays text."""
    found = parse_cell(cell)
    assert found == value
    assert type(found) is type(value)


def test_the_log_stands_beside_the_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A command that logs while it works still prints nothing but JSON to stdout."""
    few = replace(settings, identity_most_visitors=2)
    file = tmp_path / "family.csv"
    rows = "".join(f"member-{n},13812345678\n" for n in range(5))
    file.write_text(f"visitor_id,msisdn\n{rows}")
    done = run(few, monkeypatch, "load", "visitors", str(file), "--json")
    told = json.loads(done.stdout)
    assert (told["taken"], told["warned"]) == (5, 3)
    assert "merge_refused" in done.stderr
