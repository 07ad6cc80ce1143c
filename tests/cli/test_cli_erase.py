"""`nudge erase` and `nudge reseal`: whom they find, what they print, what stays unsaid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge.settings.settings import Settings

MINE, FRIENDS = "13812345678", "13987654321"
ROWS = f"visitor_id,msisdn\na,{MINE}\nb,{FRIENDS}\n"


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(entry.cli, words, input=given)


@pytest.fixture
def loaded(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """An installation that knows two customers, with the commands set to it."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("nudge.cli.people.erase.PATIENCE", 0.0)
    file = tmp_path / "customers.csv"
    file.write_text(ROWS, encoding="utf-8")
    assert run("load", "visitors", str(file)).exit_code == 0
    return settings


@pytest.mark.usefixtures("loaded")
def test_people_are_forgotten_by_number() -> None:
    """As written by people, from standard input; no output repeats the number."""
    first = run("erase", "--number", "-", "--yes", "--json", given=f"138 1234 5678\n{MINE}\n")
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert [one["found"] for one in told["erased"]] == [True]
    assert told["books"] == {"taken": 0, "unreadable": 0}
    assert MINE not in first.output
    assert run("erase", "a", "--yes").stdout.startswith("0 of 1")
    assert run("erase", "b", "--number", FRIENDS, "--yes").stdout.startswith("1 of 2")


@pytest.mark.usefixtures("loaded")
def test_what_is_no_number_is_refused_before_anybody_is_forgotten() -> None:
    """Nobody goes because half of a list was wrong; and somebody must be named."""
    refused = run("erase", "a", "--number", "12", "--yes")
    assert refused.exit_code != 0
    assert "phone number" in str(refused.exception)
    assert run("erase", "--yes").exit_code == 2
    assert run("erase", "a", "--yes").stdout.startswith("1 of 1")


@pytest.mark.usefixtures("loaded")
def test_the_key_is_rotated(monkeypatch: pytest.MonkeyPatch) -> None:
    """With both keys everything is encrypted anew; afterwards there is nothing to do."""
    monkeypatch.setenv("NUDGE_VAULT_KEYS", "2=a secret of sixteen letters")
    first = run("reseal", "--json")
    assert first.exit_code == 0, first.output
    done = json.loads(first.stdout)
    assert done["unreadable"] == 0
    again = json.loads(run("reseal", "--json").stdout)
    assert again == {"current": done["resealed"], "resealed": 0, "changed": 0, "unreadable": 0}
    assert run("reseal").stdout.startswith("0 encrypted anew")
