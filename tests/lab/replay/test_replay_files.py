"""Logs and mappings: what is wrong is told with file, key or row; what is right is read as is."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from places import ROOT

from lab.replay.files import iter_rows
from lab.replay.mapping import default_mapping, load_mapping
from lab.replay.rows import ReplayRow, ReplayRowError, reader
from nudge.config.slot_file import load_slot
from nudge.errors import InvalidConfigError
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.input_file import open_input

EXAMPLE = ROOT / "examples" / "hillstrom"
SAMPLE = ROOT / "tests" / "data" / "hillstrom_sample.csv"


def _customers(
    log_path: Path, mapping_path: Path = EXAMPLE / "mapping.toml", bad: list[BadRow] | None = None
) -> list[ReplayRow]:
    mapping, log = load_mapping(mapping_path), open_input(log_path)
    slot = load_slot(EXAMPLE / "slot.toml")
    read = reader(str(log_path), mapping, slot.context, log.columns)
    refused = [] if bad is None else bad
    rows = iter_rows(log, mapping.columns, refused.append)
    found = [read.read(number, row) for number, _, row in rows]
    return [one for one in found if one is not None]


def test_sample_is_read_with_its_outcomes() -> None:
    """Each row of the campaign is a customer whose outcomes are those of the file."""
    customers = _customers(SAMPLE)
    with SAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(customers) == open_input(SAMPLE).rows == len(rows) == 3000
    assert [one.converted for one in customers] == [row["visit"] == "1" for row in rows]
    assert {one.logged for one in customers} == {"mens_email", "womens_email", "no_email"}
    assert customers[0].context == {
        name: rows[0][name] == "1" for name in ("mens", "womens", "newbie")
    }
    spent = [o["amount"] for one in customers for o in one.outcomes if o["type"] == "paid"]
    assert spent == [float(row["spend"]) for row in rows if row["conversion"] == "1"]


def test_parquet_reads_as_csv_does(tmp_path: Path) -> None:
    """The same log as Parquet, with types of its own, gives the same customers."""
    with SAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    whole = ("mens", "womens", "newbie", "visit", "conversion")
    typed = [
        {k: int(v) if k in whole else float(v) if k == "spend" else v for k, v in row.items()}
        for row in rows
    ]
    path = tmp_path / "log.parquet"
    pq.write_table(pa.Table.from_pylist(typed), path)
    assert open_input(path).rows == 3000
    assert _customers(path) == _customers(SAMPLE)


def test_no_parquet_is_told(tmp_path: Path) -> None:
    """A file that only has the name is an error with its path."""
    path = tmp_path / "log.parquet"
    path.write_text("no parquet")
    with pytest.raises(InvalidConfigError, match=r"log\.parquet: cannot be read as Parquet"):
        open_input(path)


def test_customers_of_words_that_are_no_variant_are_skipped(tmp_path: Path) -> None:
    """With a table of names, a row whose word is missing is none of the slot's."""
    path = tmp_path / "log.csv"
    path.write_text(SAMPLE.read_text().replace("No E-Mail", "Other"))
    with SAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [n for n, row in enumerate(rows, 1) if row["segment"] != "No E-Mail"]
    assert 0 < len(kept) < len(rows)
    assert [one.row for one in _customers(path)] == kept


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('slot = "hillstrom"', "slot = 1", r"mapping\.toml: slot: .*name the slot"),
        ("propensity = 0.3333333", "propensity = 2", r"propensity: .*a probability above 0"),
        ('event = "clicked"', 'event = "click"', r"reward\.event: .*did you mean 'clicked'"),
        ('when = "visit"', 'whem = "visit"', r"reward\.whem: is unknown; did you mean 'when'"),
        ('prefix = "hillstrom-"', "prefix = ", r"cannot be read as TOML"),
    ],
)
def test_wrong_mapping_is_told_with_key_and_cure(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Every slip of the pen in a mapping is named with the file and what would be right."""
    text = (EXAMPLE / "mapping.toml").read_text()
    assert old in text
    path = tmp_path / "mapping.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(InvalidConfigError, match=message):
        load_mapping(path)


def test_columns_and_attributes_that_do_not_exist_are_all_named(tmp_path: Path) -> None:
    """Differences between mapping, slot and file are told before the first call."""
    path = tmp_path / "mapping.toml"
    text = (EXAMPLE / "mapping.toml").read_text()
    path.write_text(text.replace('mens = "mens"', 'tall = "height"'))
    mapping, log = load_mapping(path), open_input(SAMPLE)
    with pytest.raises(InvalidConfigError) as caught:
        reader(str(SAMPLE), mapping, load_slot(EXAMPLE / "slot.toml").context, log.columns)
    problems = "\n".join(caught.value.problems)
    assert "context.tall: the slot hillstrom has no such attribute" in problems
    assert "no column 'height'" in problems


@pytest.mark.parametrize(
    ("place", "cell", "told"),
    [
        (-3, "maybe", "visit: is not a number"),
        (-3, "1e400", "visit: is not a number"),
        (2, "x" * 201, "mens: "),
        (2, "perhaps", "mens: "),
    ],
)
def test_f06_a_value_that_cannot_be_read_costs_its_row(
    tmp_path: Path, place: int, cell: str, told: str
) -> None:
    """Its column and the cure are told, and nothing of the row."""
    lines = SAMPLE.read_text().splitlines()[:3]
    cells = lines[2].split(",")
    names = lines[0].split(",")
    cells[names.index("mens") if place == 2 else place] = cell
    path = tmp_path / "log.csv"
    path.write_text("\n".join([*lines[:2], ",".join(cells)]))
    with pytest.raises(ReplayRowError, match=told) as caught:
        _customers(path)
    assert cell not in str(caught.value)


def test_f06_ragged_lines_are_told_and_left_out_of_a_replay(tmp_path: Path) -> None:
    """The rows around them keep their numbers, by which visitors are named."""
    lines = SAMPLE.read_text().splitlines()[:7]
    path = tmp_path / "log.csv"
    path.write_text("\n".join([*lines[:3], "13812345678,2", *lines[4:]]))
    bad: list[BadRow] = []
    kept = [one.row for one in _customers(path, bad=bad)]
    assert (kept, [one.line for one in bad]) == ([1, 2, 4, 5, 6], [4])
    assert "138" not in bad[0].problem


def test_log_without_a_mapping_is_told_where_one_was_looked_for(tmp_path: Path) -> None:
    """The default mapping is the example of the file's name; without one, the error says so."""
    config = ROOT / "config"
    assert default_mapping(Path("x/hillstrom.csv"), config) == EXAMPLE / "mapping.toml"
    with pytest.raises(InvalidConfigError, match=r"other/mapping\.toml; give one with --mapping"):
        default_mapping(tmp_path / "other.csv", config)
