"""`nudge warnings factors FILE`: text, JSON and CSV from a file of people."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from nudge.cli import cli
from nudge.errors import InvalidConfigError


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 900 people, one row of which does not say whether it left."""
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("people") / "people.csv"
    score, other = rng.integers(1, 11, 900), rng.integers(0, 5, 900)
    left = rng.random(900) < 1.0 / (1.0 + np.exp(0.5 * (score - 4)))
    rows = [f"{s},{o},{'yes' if y else 'no'}" for s, o, y in zip(score, other, left, strict=True)]
    path.write_text("\n".join(["score_network,failed,left", *rows, "3,1,perhaps"]), "utf-8")
    return path


def run(path: Path, *options: str) -> tuple[int, str]:
    found = CliRunner().invoke(cli, ["warnings", "factors", str(path), "--left", "left", *options])
    return found.exit_code, found.stdout


def test_the_report_names_the_score_and_its_scene(people: Path) -> None:
    """JSON holds the effect with interval, verdict and both languages, and the refused row."""
    code, text = run(people, "--json")
    found = orjson.loads(text)
    first = found["cuts"][0]["effects"][0]
    assert (first["factor"], first["scene"], first["verdict"]) == (
        "score_network",
        "network",
        "lowers",
    )
    assert first["interval"][1] < 1.0
    assert set(first["sentence"]) == {"zh", "en"}
    assert found["file"]["refused"] == 1
    assert found["file"]["problems"][0]["line"] == 902
    assert code == 1


def test_csv_and_text_tell_the_same(people: Path) -> None:
    """A spreadsheet has a row for each effect and rule; the text says it in either language."""
    rows = list(csv.DictReader(io.StringIO(run(people, "--csv")[1].lstrip("\ufeff"))))
    assert {one["row"] for one in rows} == {"effect", "rule"}
    assert rows[0]["factor"] == "score_network"
    assert "流失" in run(people, "--lang", "zh")[1]


def test_a_missing_column_is_an_error_with_the_cure(people: Path) -> None:
    """An unknown column of --segment ends the command before anything is computed."""
    found = CliRunner().invoke(
        cli, ["warnings", "factors", str(people), "--left", "left", "--segment", "stage"]
    )
    assert isinstance(found.exception, InvalidConfigError)
    assert "--segment stage: there is no such column" in str(found.exception)
