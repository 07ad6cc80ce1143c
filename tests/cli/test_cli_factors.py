"""The command `nudge warnings factors`: text, JSON and CSV from a file of people or the lake."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner
from funnel_traffic import DAY, START, written

from nudge.cli import cli
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.records import Event
from nudge.errors import InvalidConfigError
from nudge.settings.settings import Settings


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


def test_without_a_file_the_lake_is_asked(settings: Settings) -> None:
    """People who complained before, and who left afterwards; few cannot tell, and how many can."""
    events = [
        (START - DAY + n, Event(f"{n:032x}", "c", "complaint", "server", None, {}))
        for n in range(40)
    ]
    gone = {"leaving": "need_gone"}
    events += [
        (START + DAY, Event(f"{n:032x}", "l", "complaint", "server", None, gone)) for n in range(3)
    ]
    written(settings.lake_dir, events)
    label = OperatorCalendar().label
    words = ["warnings", "factors", "--from", label(START), "--to", label(START + 30 * DAY)]
    done = CliRunner().invoke(cli, [*words, "--json"], env=settings.to_environ())
    found = orjson.loads(done.stdout)
    assert (found["people"], found["left"]) == (40, 3)
    assert found["cuts"][0]["needed"] > 3
    text = CliRunner().invoke(cli, [*words, "--lang", "zh"], env=settings.to_environ()).stdout
    assert "暂时无法判断：流失 3 人" in text
    table = CliRunner().invoke(cli, [*words, "--csv"], env=settings.to_environ())
    assert (table.exit_code, table.stdout.lstrip("\ufeff")[:3]) == (0, "row")


WRONG = {
    ("--left", "churn"): "name a file",
    ("--kind", "bored"): "use need_gone",
    ("--segment", "a b"): "is not an attribute",
    ("--csv", "--json"): "not both",
}


@pytest.mark.parametrize(("words", "cure"), WRONG.items(), ids=[" ".join(words) for words in WRONG])
def test_what_makes_no_sense_without_a_file_is_refused(
    settings: Settings, words: tuple[str, ...], cure: str
) -> None:
    """Exit 2, and the cure."""
    done = CliRunner().invoke(cli, ["warnings", "factors", *words], env=settings.to_environ())
    assert done.exit_code == 2
    assert cure in " ".join(done.output.split())
