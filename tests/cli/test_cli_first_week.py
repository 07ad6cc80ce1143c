"""The command `nudge simulate --offline --slot`: logs, answers, refusals and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from places import CONFIG

from nudge import clock
from nudge.cli import cli
from nudge.cli.lab.simulate import simulate
from nudge.config.slot_file import load_slots
from nudge.settings.settings import Settings, child_environ
from nudge.wiring.stores import patient_store

SLOT = load_slots(CONFIG / "slots")["banner"]
NOW = int(clock.now())
DAY = 86_400


@pytest.fixture(autouse=True)
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with a slot, which commands find by its environment."""
    for name, value in child_environ(settings).items():
        monkeypatch.setenv(name, value)
    store = patient_store(settings)
    assert store.slots.put(SLOT, None)
    store.close()
    return settings


def log(directory: Path, rows: int = 1_500, *more: str, variants: int = 0) -> Path:
    """A log of ten days, each banner by chance; the first of them pays more often."""
    rng, names = np.random.default_rng(1), SLOT.names[: variants or len(SLOT.names)]
    lines = ["arm,paid,when,page"]
    for number in range(rows):
        arm = int(rng.integers(len(names)))
        paid = int(rng.random() < (0.5 if arm == 0 else 0.3))
        lines.append(f"{names[arm]},{paid},{NOW - 11 * DAY + number * 10 * DAY // rows},home")
    path = directory / "log.csv"
    path.write_text("\n".join([*lines, *more]) + "\n")
    return path


def mapping(directory: Path) -> Path:
    path = directory / "mapping.toml"
    columns = 'variant = "arm"\nreward = "paid"\nat = "when"'
    path.write_text(f'slot = "banner"\n[columns]\n{columns}\n')
    return path


def run(*arguments: object) -> Result:
    few = ("--offline", "--runs", 3, "--days", 2, "--visitors-per-day", 40)
    return CliRunner().invoke(simulate, [str(one) for one in (*few, *arguments)])


def told(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"exit_code": done.exit_code}


def test_a_log_tells_what_the_first_week_costs_and_brings(tmp_path: Path) -> None:
    """All figures of the week, the log's own, and how its rows were read."""
    found = told("--slot", "banner", "--log", log(tmp_path), "--mapping", mapping(tmp_path))
    assert (found["answerable"], found["exit_code"]) == (True, 0)
    assert (found["taken"], found["refused"]) == (1_500, 0)
    assert found["log"]["propensities"] == "estimated"
    assert (found["days"], found["visitors"], found["runs"]) == (2, 80, 3)
    week = found["week"]
    assert week["rule"]["low"] <= week["rule"]["mean"] <= week["rule"]["high"]
    gain = week["nudge"]["mean"] - week["rule"]["mean"]
    assert week["difference"]["mean"] == pytest.approx(gain)
    assert week["oracle"]["mean"] >= week["single"]["mean"]
    assert [day["day"] for day in week["days"]] == [1, 2]


def test_the_text_speaks_the_language_that_is_asked_for(tmp_path: Path) -> None:
    """The answer is told in Chinese and in English."""
    arguments = ("--slot", "banner", "--log", log(tmp_path), "--mapping", mapping(tmp_path))
    assert "现行规则" in run(*arguments, "--lang", "zh").stdout
    assert "the operator's own rule" in run(*arguments, "--lang", "en").stdout


def test_a_log_with_one_variant_cannot_answer(tmp_path: Path) -> None:
    """A reason and a cure stand where the number would be; the exit code is that of an answer."""
    path = log(tmp_path, variants=1)
    found = told("--slot", "banner", "--log", path, "--mapping", mapping(tmp_path))
    assert (found["answerable"], found["why"], found["week"]) == (False, "one_variant", None)
    assert found["exit_code"] == 0
    assert set(found["to_show"]) == set(SLOT.names[1:])


def test_a_row_that_cannot_be_read_is_named_by_its_line(tmp_path: Path) -> None:
    """The row costs itself, and the command ends with 1; with --strict it is an error."""
    path = log(tmp_path, 1_500, f"no_such,1,{NOW - DAY},home")
    arguments = ("--slot", "banner", "--log", path, "--mapping", mapping(tmp_path))
    done = run(*arguments)
    assert done.exit_code == 1
    assert "line 1,502: unknown variant of slot banner; use one of" in done.stderr
    strict = CliRunner().invoke(cli, ["simulate", "--offline", *map(str, arguments), "--strict"])
    assert strict.exit_code == 1
    assert "stopped here by --strict" in str(strict.exception or strict.stderr)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--slot", "nothing"], "there is no slot 'nothing'"),
        (["--slot", "sms_timing"], "there is no slot"),
        (["--slot", "banner"], "no column 'variant'; write a mapping"),
    ],
)
def test_what_cannot_be_played_says_why(tmp_path: Path, arguments: list[str], words: str) -> None:
    """An unknown slot, and a file whose columns nobody named."""
    done = run(*arguments, "--log", log(tmp_path))
    assert done.exit_code != 0
    assert words in str(done.exception)


@pytest.mark.parametrize(
    "arguments",
    [["--slot", "banner", "--world", "world.toml"], ["--log", "log.csv"], []],
)
def test_an_unclear_question_is_told(arguments: list[str]) -> None:
    """A world and a log are two questions; a log needs its slot."""
    done = run(*arguments)
    assert done.exit_code == 2
    assert "--slot" in done.stderr


def test_the_lake_is_the_log_where_no_file_is_given() -> None:
    """An installation that has recorded nothing yet says so."""
    done = run("--slot", "banner")
    assert done.exit_code != 0
    assert "lake" in str(done.exception)
