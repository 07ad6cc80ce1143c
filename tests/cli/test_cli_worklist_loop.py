"""The command `nudge worklist loop`: text in two languages, JSON and CSV, from the lake."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from funnel_traffic import DAY, START, written
from loop_traffic import opened, paid, step

from nudge.cli.care.worklist_loop import loop
from nudge.settings.settings import Settings


@pytest.fixture
def data(settings: Settings) -> Path:
    """An installation with one case that was assigned, reached and kept."""
    record = opened(2, stage="pay")
    steps = [
        step(record, "assign", 10.0, to="ann", team="care"),
        step(record, "contact", 20.0, channel="call", reached=True, seconds=60, cost=1.5),
        step(record, "grant", 30.0, amount=8.0, measure="credit"),
        paid(2, 40.0),
        paid(4, 40 * DAY),
    ]
    written(settings.lake_dir, [(START, record), *steps], 1)
    return settings.data_dir


def run(data: Path, *options: str) -> str:
    """The text that the command prints."""
    period = ("--from", "2026-09-20", "--to", "2026-09-22", "--data-dir", str(data))
    found = CliRunner().invoke(loop, [*period, *options])
    assert found.exit_code == 0, (found.output, found.exception)
    return found.stdout


def test_one_case_is_told_step_by_step(data: Path) -> None:
    """Counts, times and money of one case are told; nothing is compared."""
    found = orjson.loads(run(data, "--json", "--by", "agent"))
    steps = {one["step"]: one["cases"] for one in found["whole"]["steps"]}
    assert steps == dict.fromkeys(("found", "assigned", "contacted", "reached"), 1) | {
        "granted": 1,
        "said": 0,
        "kept": 1,
    }
    assert found["whole"]["money"]["cost"] == pytest.approx(10.17)  # an hour is 40 yuan
    assert found["whole"]["holdout"]["why"] == "nobody_held"
    assert [one["value"] for one in found["groups"]] == ["ann"]
    assert found["results"][0]["hidden"]


def test_text_and_table_tell_the_same(data: Path) -> None:
    """Chinese and English for people, CSV for spreadsheets."""
    assert "共发现 1 单" in run(data, "--lang", "zh")
    assert "1 case found" in run(data)
    rows = list(csv.DictReader(io.StringIO(run(data, "--csv").lstrip("\ufeff"))))
    assert next(row["step"] for row in rows if row["row"] == "step") == "found"


def test_json_and_csv_together_are_refused(data: Path) -> None:
    """Two forms at once are a mistake of usage."""
    found = CliRunner().invoke(loop, ["--json", "--csv", "--data-dir", str(data)])
    assert found.exit_code == 2
