"""What an operator brings in is known to decisions; a row that does not fit is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge.domain.identity.sealing import Sealer
from nudge.domain.people.loading import VisitorRow, column_problems, visitor_row
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
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
    assert told["rows"] == 3
    assert [line.split(":")[0] for line in told["rejected"]] == ["row 4"]
    assert [line.split(":")[0] for line in told["warnings"]] == ["row 3"]
    again = json.loads(run(settings, monkeypatch, "load", "visitors", file, "--json").stdout)
    assert (told["records"], again["records"]) == (6, 0)
    a, b = known(settings, "a", "b")
    assert a.context()["city_tier"] == 1
    assert a.context()["province"] == "江苏"
    assert [(x.channel, x.given) for x in (*a.consents, *b.consents)] == [
        ("sms", True),
        ("sms", False),
    ]
    assert "13812345678" not in first.stdout + first.stderr


def test_wrong_columns_are_told_before_anything_is_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each with its cure."""
    file = tmp_path / "customers.csv"
    file.write_text("id,City\n1,x\n", encoding="utf-8")
    result = run(settings, monkeypatch, "load", "visitors", str(file))
    assert result.exit_code != 0
    problems = column_problems(("id", "City"))
    assert len(problems) == 2
    assert all(name in str(problems) for name in ("visitor_id", "City"))


@pytest.mark.parametrize(
    ("cell", "value"),
    [("12", 12), ("0571", "0571"), ("1.50", 1.5), ("-3", -3), ("yes", True), ("宁波", "宁波")],
)
def test_text_is_read_as_what_it_is(cell: str, value: object) -> None:
    """Numbers, true and false are such; what begins with 0 is a code, and stays text."""
    found = visitor_row({"visitor_id": "v", "x": cell}, "CN")
    assert isinstance(found, VisitorRow)
    assert dict(found.known) == {"x": value}
    assert type(found.known["x"]) is type(value)
