"""The command `nudge import`: what it tells, what it refuses, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from places import CONFIG

from nudge import clock
from nudge.cli.import_ import import_
from nudge.config.slot_file import load_slots
from nudge.settings.settings import Settings, child_environ
from nudge.wiring.stores import patient_store

SLOT = load_slots(CONFIG / "slots")["banner"]
ONE, OTHER = SLOT.names[:2]
NOW = int(clock.now())
HEAD = "variant,reward,at"


@pytest.fixture
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with a slot, which commands find by its environment."""
    for name, value in child_environ(settings).items():
        monkeypatch.setenv(name, value)
    store = patient_store(settings)
    assert store.slots.put(SLOT, None)
    store.close()
    return settings


def run(*arguments: object) -> Result:
    return CliRunner().invoke(import_, [str(one) for one in arguments])


def told(*arguments: object) -> dict[str, object]:
    """The output of `--json`."""
    done = run(*arguments, "--json")
    found: dict[str, object] = json.loads(done.stdout)
    return found | {"exit_code": done.exit_code}


def file(directory: Path, *rows: str, head: str = HEAD, name: str = "log.csv") -> Path:
    path = directory / name
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(
    ("at", "hint"),
    [
        ("1795734600000", "looks like milliseconds"),
        ("1795734600000000", "looks like microseconds"),
        ("46353.5", "day number of a spreadsheet"),
        ("20261127", "a date written as digits"),
        ("0", "too far back"),
        ("1970-01-01T00:00:00Z", "too far back"),
        ("1900-01-01T00:00:00+08:00", "too far back"),
        ("9999-12-31T00:00:00Z", "too far ahead"),
        ("2099-06-01T00:00:00Z", "in the future"),
        ("2026-09-21 10:00:00", "has no time zone"),
        ("yesterday", "is not a time"),
        ("", "at is missing"),
        ("inf", "is not"),
    ],
)
def test_f01_a_time_that_no_row_can_have_costs_its_row(tmp_path: Path, at: str, hint: str) -> None:
    """It is told by its line, with a hint, without the row's text; the others come in."""
    path = file(tmp_path, f"{ONE},1,{NOW - 60}", f"{ONE},1,{at}", f"{OTHER},0,{NOW - 30}")
    found = told(path, "--slot", "banner", "--teach-only")
    assert (found["exit_code"], found["rows"]) == (1, 3)
    assert (found["new"], found["known"], found["refused"]) == (2, 0, 1)
    (problem,) = found["problems"]  # type: ignore[misc]
    assert problem["line"] == 3
    assert hint in problem["problem"]
    assert len(at) < 2 or at not in problem["problem"]


@pytest.mark.usefixtures("installation")
def test_f01_strict_refuses_at_the_first_before_anything_is_written(tmp_path: Path) -> None:
    """Then the file without its mistake brings every row."""
    rows = [f"{ONE},1,{NOW - 60 - n}" for n in range(300)]
    path = file(tmp_path, *rows, f"{ONE},1,1795734600000")
    done = run(path, "--slot", "banner", "--teach-only", "--strict")
    assert done.exit_code != 0
    assert "line 302: at looks like milliseconds" in str(done.exception)
    found = told(path, "--slot", "banner", "--teach-only")
    assert (found["new"], found["refused"], found["exit_code"]) == (300, 1, 1)


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize(
    ("column", "value", "hint"),
    [
        ("u", "-1", "u is not between 0"),
        ("slot_revision", "99999999999999999999", "slot_revision is not between 1"),
        ("policy_version", "1.5", "policy_version is not a whole number"),
        ("rewarded_at", "1795734600000", "rewarded_at looks like milliseconds"),
        ("exposed_at", "1795734600000", "exposed_at looks like milliseconds"),
        ("reward", "1e30", "reward"),
        ("reward", "nan", "reward is not"),
        ("conversions", "7", "conversions is not between 0 and 1"),
        ("page", "p" * 300, "page is too long"),
    ],
)
def test_f01_a_value_that_would_stop_the_archive_costs_its_row(
    tmp_path: Path, column: str, value: str, hint: str
) -> None:
    """A number beyond the lake's, or a name beyond all bounds, never gets into the journal."""
    cells = {"variant": ONE, "reward": "1", "at": str(NOW - 60), "pmf": '"[1]"'}
    cells["eligible"] = f'"[""{ONE}""]"'
    if column == "conversions":
        cells["value_fen"] = "5"
    cells[column] = value
    path = file(tmp_path, ",".join(cells.values()), head=",".join(cells))
    found = told(path, "--slot", "banner")
    if column == "reward" and value == "1e30" and SLOT.terms.objective != "revenue":
        assert found["new"] == 1
        return
    assert (found["new"], found["refused"]) == (0, 1)
    assert hint in found["problems"][0]["problem"]  # type: ignore[index]


@pytest.mark.usefixtures("installation")
def test_f13_a_file_that_grew_tells_new_and_known(tmp_path: Path) -> None:
    """Five old rows and a new one, in whatever encoding and form; equal rows are rows."""
    rows = [f"{ONE},1,{NOW - 60}", f"{ONE},1,{NOW - 60}", f"{OTHER},0,{NOW - 30}"]
    rows += [f"{OTHER},0,{NOW - 20}", f"{ONE},0,{NOW - 10}"]
    first = file(tmp_path, *rows)
    how = ("--slot", "banner", "--teach-only")
    done = run(first, *how)
    assert (done.exit_code, "5 new, 0 known, 0 refused" in done.stdout) == (0, True)
    grown = file(tmp_path, *rows, f"{ONE},1,{NOW - 60}", name="grown.csv")
    found = told(grown, *how)
    assert (found["new"], found["known"], found["exit_code"]) == (1, 5, 0)
    other = tmp_path / "other.csv"
    text = grown.read_text().replace(",", ";").replace(";1;", ";1.0;")
    other.write_bytes(text.encode("utf-16"))
    found = told(other, *how)
    assert (found["new"], found["known"], found["refused"]) == (0, 6, 0)


@pytest.mark.usefixtures("installation")
def test_f01_an_import_is_taken_back_by_its_file_or_its_name(tmp_path: Path) -> None:
    """Again it is nothing, with 0; an import that never was is an error; a command needs a file."""
    path = file(tmp_path, f"{ONE},1,{NOW - 60}", f"{OTHER},0,{NOW - 30}")
    how = ("--slot", "banner", "--teach-only")
    assert told(path, *how)["new"] == 2
    assert told("--undo", path) == {
        "slots": ["banner"],
        "decisions": 0,
        "exposures": 2,
        "conversions": 1,
        "exit_code": 0,
    }
    again = run("--undo", path)
    assert (again.exit_code, "nothing of it counts" in again.stdout) == (0, True)
    assert told(path, *how, "--name", "spring")["new"] == 2
    assert told("--undo", "--name", "spring")["exposures"] == 2
    assert "there is no import" in str(run("--undo", "--name", "autumn").exception)
    assert run("--undo").exit_code == run(*how).exit_code == 2


@pytest.mark.usefixtures("installation")
def test_f13_series_tell_logs_apart_whose_rows_look_alike(tmp_path: Path) -> None:
    """Rows of two towns may be equal: their mappings name a series each."""
    path = file(tmp_path, f"{ONE},1,{NOW - 60}")
    for series, new in (("north", 1), ("south", 1), ("north", 0)):
        mapping = tmp_path / f"{series}.toml"
        mapping.write_text(f'slot = "banner"\nteach_only = true\nseries = "{series}"\n')
        assert told(path, "--mapping", mapping)["new"] == new
