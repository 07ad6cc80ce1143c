"""Parquet files of other tools: what is damaged is told, and what stands around it is taken."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nudge.errors import InvalidConfigError
from nudge.lake.intake.input_file import open_input

IDS = [f"u{n:03d}" for n in range(90)]


def written(path: Path, table: pa.Table, **options: object) -> Path:
    file = path / "file"
    pq.write_table(table, file, **options)
    return file


def test_values_come_as_python_has_them(tmp_path: Path) -> None:
    """Of dictionaries, decimals, times, lists and tables."""
    at = datetime(2026, 11, 28, tzinfo=UTC)
    table = pa.table(
        {
            " id ": pa.array(["a", None]).dictionary_encode(),
            "amount": pa.array([Decimal("12.50"), None]),
            "at": pa.array([at, None], pa.timestamp("ns", "UTC")),
            "tags": [["x"], None],
            "more": [{"k": 1}, None],
        }
    )
    (found,) = open_input(written(tmp_path, table)).batches()
    assert [type(one) for one in found.rows[0].values()] == [str, Decimal, datetime, list, dict]
    assert found.rows[0]["at"] == at
    assert found.rows[1] == dict.fromkeys(("id", "amount", "at", "tags", "more"))
    assert (found.lines, found.refused) == ([1, 2], ())


def test_f06_a_damaged_row_group_is_told_and_those_around_it_are_taken(tmp_path: Path) -> None:
    """By the numbers of its rows: nothing is swallowed in silence."""
    options = {"row_group_size": 30, "use_dictionary": False, "write_page_checksum": True}
    file = written(tmp_path, pa.table({"id": IDS}), compression="none", **options)
    raw = file.read_bytes()
    at = raw.rindex(b"u045", 0, raw.rindex(b"u089"))
    file.write_bytes(raw[:at] + b"\xff" + raw[at + 1 :])
    batches = list(open_input(file).batches())
    assert [row["id"] for one in batches for row in one.rows] == IDS[:30] + IDS[60:]
    assert [line for one in batches for line in one.lines] == [*range(1, 31), *range(61, 91)]
    (bad,) = [one for batch in batches for one in batch.refused]
    assert (bad.line, bad.rows) == (31, 30)
    assert "is damaged" in bad.problem


def test_f06_a_value_that_cannot_be_read_costs_its_row(tmp_path: Path) -> None:
    """Text that is none, and a time beyond what Python holds."""
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    file = written(tmp_path, pa.table({"id": ["abc", "def", "ghi"]}), **options)
    file.write_bytes(file.read_bytes().replace(b"def", b"\xff\xfe\xfd"))
    (found,) = open_input(file).batches()
    assert ([row["id"] for row in found.rows], found.lines) == (["abc", "ghi"], [1, 3])
    assert [one.line for one in found.refused] == [2]
    times = pa.array([0, 2**62, 0], pa.timestamp("us"))
    (found,) = open_input(written(tmp_path, pa.table({"at": times}))).batches()
    assert (found.lines, [one.line for one in found.refused]) == ([1, 3], [2])


def test_a_page_that_declares_gigabytes_is_not_believed(tmp_path: Path) -> None:
    """It is damaged; no room is made for what it says."""
    file = written(tmp_path, pa.table({"id": IDS}), compression="none", use_dictionary=False)
    raw = file.read_bytes()
    head = raw.index(b"\x15", 4)
    assert raw[head : head + 2] == b"\x15\x00"  # a data page; then its sizes, as fields 2 and 3
    (size, huge) = raw[head + 3 : head + 5], b"\xfe\xff\xff\xff\x0f"
    # One byte more in the header moves what follows: the file's own offsets stay as they were.
    file.write_bytes(raw[: head + 3] + huge + raw[head + 3 + len(size) + 3 :])
    before = pa.total_allocated_bytes()
    batches = list(open_input(file).batches())
    assert pa.total_allocated_bytes() - before < 1 << 24
    assert [(one.line, one.rows) for batch in batches for one in batch.refused] == [(1, 90)]


def test_a_file_that_is_cut_off_is_told_before_a_row_is_read(tmp_path: Path) -> None:
    """Wherever it ends."""
    raw = io.BytesIO()
    pq.write_table(pa.table({"id": IDS}), raw)
    file = tmp_path / "file"
    for size in range(4, len(raw.getvalue()), 7):
        file.write_bytes(raw.getvalue()[:size])
        with pytest.raises(InvalidConfigError, match="damaged or cut off"):
            open_input(file)


def test_f26_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    """Parquet allows what no reader can tell apart."""
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["id", "id"])
    with pytest.raises(InvalidConfigError, match="columns 1 and 2 have the same name"):
        open_input(written(tmp_path, table))
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["id", " "])
    with pytest.raises(InvalidConfigError, match="column 2 has no name"):
        open_input(written(tmp_path, table))


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        (pa.array(["a"]), True),
        (pa.array(["a"], pa.large_string()), True),
        (pa.array(["a"]).dictionary_encode(), True),
        (pa.array([1]), True),
        (pa.array([1.0]), True),
        (pa.array([Decimal(1)]), True),
        (pa.array([True]), False),
        (pa.array([b"a"]), False),
        (pa.array([["a"]]), False),
        (pa.array([{"a": 1}]), False),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), False),
        (pa.array([datetime(2026, 1, 1, tzinfo=UTC)]), False),
        (pa.nulls(1), False),
    ],
    ids=lambda one: str(getattr(one, "type", one)),
)
def test_f05_a_type_that_cannot_be_an_id_is_told(
    tmp_path: Path, values: pa.Array, *, fits: bool
) -> None:
    """Text and numbers can; the column and its type are named."""
    file = open_input(written(tmp_path, pa.table({"visitor_id": values})))
    if fits:
        file.check_ids("visitor_id", "other")
        return
    with pytest.raises(InvalidConfigError, match=r"column 'visitor_id' holds .*as text"):
        file.check_ids("visitor_id", "other")
