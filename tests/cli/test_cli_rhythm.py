"""`nudge rhythm FILE`: text and JSON from a file of purchases, and errors with their cure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result

from nudge.cli import cli
from nudge.errors import InvalidConfigError

FIRST = date(2026, 1, 1).toordinal()


@pytest.fixture(scope="module")
def purchases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the purchases of 300 people, dates in three forms, one row without a date."""
    rng = np.random.default_rng(2)
    path = tmp_path_factory.mktemp("rhythm") / "purchases.csv"
    rows = ["who,day"]
    forms = ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%d 08:00:00")
    for person in range(300):
        pace, now = rng.gamma(2.0) / 60.0, rng.uniform(0.0, 60.0)
        while now < 200.0:
            day = date.fromordinal(FIRST + int(now))
            rows.append(f"P{person:04},{day.strftime(forms[person % 3])}")
            now += rng.exponential() / pace
    path.write_text("\n".join([*rows, "P0001,soon"]), "utf-8")
    return path


def run(path: Path, *options: str) -> Result:
    arguments = ["rhythm", str(path), "--customer", "who", "--date", "day", *options]
    return CliRunner().invoke(cli, arguments)


def test_a_rhythm_is_told_with_its_check(purchases: Path) -> None:
    """JSON holds parameters, sentences in both languages, the check, and the refused row."""
    done = run(purchases, "--until", "2026-04-30", "--check", "20260715", "--json")
    found = orjson.loads(done.stdout)
    assert done.exit_code == 1
    assert found["file"]["refused"] == 1
    assert found["rhythm"]["until"] == "2026-04-30"
    assert found["check"]["days"] == 76
    assert 0.0 <= found["check"]["auc"] <= 1.0
    for one in (found, found["check"]):
        assert set(one["sentence"]) == {"zh", "en"}
    text = run(purchases, "--until", "2026-04-30", "--check", "20260715", "--lang", "zh").stdout
    assert text.splitlines() == [found["sentence"]["zh"], found["check"]["sentence"]["zh"]]


def test_too_few_people_get_the_median_gap(tmp_path: Path) -> None:
    """A small file is answered by the plain rule, and says so."""
    path = tmp_path / "few.csv"
    path.write_text("who,day\na,2026-01-01\na,2026-01-31\nb,2026-02-01\n", "utf-8")
    found = orjson.loads(run(path, "--json").stdout)
    assert (found["rhythm"], found["median_gap"], found["check"]) == (None, 30.0, None)
    assert "30 days" in found["sentence"]["en"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--check", "2026-07-01"), "give --until DATE too"),
        (("--until", "2026-07-02", "--check", "2026-07-01"), "a day before that of --check"),
        (("--until", "someday"), "write 2026-11-27 or 20261127"),
    ],
)
def test_days_that_do_not_fit_are_told(
    purchases: Path, options: tuple[str, ...], told: str
) -> None:
    """A wrong day is answered before the file is read, with the cure."""
    done = run(purchases, *options)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--until", "2025-07-02"), "--until 2025-07-02 is too early: its purchases are from"),
        (("--until", "2026-12-02", "--check", "2026-12-30"), "leaves no check"),
        (("--date", "when"), "--date when: there is no such column; use one of who, day"),
    ],
)
def test_a_file_that_does_not_fit_is_told(
    purchases: Path, options: tuple[str, ...], told: str
) -> None:
    """An error names the file, the option and the cure."""
    error = run(purchases, *options).exception
    assert isinstance(error, InvalidConfigError)
    assert str(purchases) in str(error)
    assert told in str(error)
