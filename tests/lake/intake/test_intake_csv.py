"""CSV files in every form that spreadsheets write; a bad line costs itself and is told."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import numpy as np
import pytest

from nudge.errors import InvalidConfigError
from nudge.lake.intake import csv_lines, text_lines
from nudge.lake.intake.block import RowBatch
from nudge.lake.intake.csv_blocks import BlockReader
from nudge.lake.intake.csv_lines import LineReader
from nudge.lake.intake.encodings import BLOCK
from nudge.lake.intake.input_file import InputFile, open_input

ROWS = [{"id": "1", "name": "张三"}, {"id": "2", "name": "李四"}, {"id": "3", "name": "王 五"}]
TEXT = "id,name\n" + "".join(f"{row['id']},{row['name']}\n" for row in ROWS)


def opened(path: Path, raw: bytes, *form: str | None) -> InputFile:
    file = path / "file.csv"
    file.write_bytes(raw)
    return open_input(file, *form)


def whole(file: InputFile) -> RowBatch:
    """All batches of a file as one."""
    batches = list(file.batches())
    return RowBatch(
        [row for one in batches for row in one.rows],
        [line for one in batches for line in one.lines],
        tuple(bad for one in batches for bad in one.refused),
    )


def told(found: RowBatch) -> list[tuple[int, str]]:
    """Line and first words of each bad row."""
    return [(one.line, " ".join(one.problem.split()[:3])) for one in found.refused]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("gbk", "GB18030"),
        ("gb18030", "GB18030"),
        ("utf-16", "UTF-16 LE"),
        ("utf-16-be", "UTF-16 BE"),
    ],
)
def test_f07_every_form_of_a_spreadsheet_is_recognised_and_said(
    tmp_path: Path, encoding: str, name: str, ends: str, delimiter: str
) -> None:
    """Encoding, separator and line ends; the rows are the same in each."""
    text = TEXT.replace(",", delimiter).replace("\n", ends)
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    file = opened(tmp_path, (mark + text).encode(encoding))
    words = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
    assert file.form == f"CSV, {name}, separated by {words[delimiter]}"
    assert whole(file) == RowBatch(ROWS, [2, 3, 4])


def test_f07_a_form_can_be_forced(tmp_path: Path) -> None:
    """The user tells the encoding where the bytes do not."""
    bare = TEXT.encode("utf-16-le")
    with pytest.raises(InvalidConfigError, match="--encoding utf-16-le"):
        opened(tmp_path, bare)
    assert whole(opened(tmp_path, bare, "utf-16-le")).rows == ROWS
    assert whole(opened(tmp_path, TEXT.replace(",", "#").encode(), None, "#")).rows == ROWS
    assert whole(opened(tmp_path, b"sep=#\nid#name\n1#a,b\n")).rows == [{"id": "1", "name": "a,b"}]


def test_f07_one_line_in_another_encoding_is_a_bad_line(tmp_path: Path) -> None:
    """The lines vote: the file stays what most of it is."""
    raw = TEXT.encode() + "4,赵六\n".encode("gbk") + b"5,a\n"
    found = whole(opened(tmp_path, raw))
    assert [row["id"] for row in found.rows] == ["1", "2", "3", "5"]
    assert told(found) == [(5, "has bytes that")]
    raw = TEXT.encode("gbk") + b"4,\xff\n5,a\n"
    found = whole(opened(tmp_path, raw))
    assert [row["id"] for row in found.rows] == ["1", "2", "3", "5"]
    assert told(found) == [(5, "has bytes that")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"13812345678", "has 1 cells,"),
        (b"13812345678,b,c", "has 3 cells,"),
        (b"13812345678,\xff\xfe", "has bytes that"),
        (b"13812345678,\0", "has a NUL"),
        (b'13812345678,"abc', "opens a quote"),
        (b"13812345678,a\rb", "has a carriage"),
        (b"13812345678," + b"x" * text_lines.LONGEST, "has more than"),
        (b"13812345678," + b"x" * (3 * BLOCK), "has more than"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_f06_a_bad_line_is_told_by_its_number_and_left_out(
    tmp_path: Path, line: bytes, problem: str, place: int
) -> None:
    """Lines before and behind it are taken; nothing of the line is repeated."""
    lines = [b"1,a", b"2,b", b"3,c"]
    raw = b"\n".join([b"id,name", *lines[:place], line, *lines[place:]])
    found = whole(opened(tmp_path, raw))
    assert [row["id"] for row in found.rows] == ["1", "2", "3"]
    assert told(found) == [(place + 2, problem)]
    assert "138" not in str(found.refused)


def test_f06_a_forgotten_quote_swallows_nothing(tmp_path: Path) -> None:
    """Neither up to the next quote, nor to the end of the file; a quoted line break is a row's."""
    raw = b'id,name\n1,"open\n2,b\n3,"c"\n4,"two\nlines"\n5,"say ""so"""\n6,x"y\n7,"open\n8,d'
    found = whole(opened(tmp_path, raw))
    assert [(row["id"], line) for row, line in zip(found.rows, found.lines, strict=True)] == [
        *(("2", 3), ("3", 4), ("4", 5), ("5", 7), ("6", 8), ("8", 10)),
    ]
    assert [row["name"] for row in found.rows][2:5] == ["two\nlines", 'say "so"', 'x"y']
    assert [line for line, _ in told(found)] == [2, 9]


def test_f06_blocks_and_lines_are_counted_through_a_large_file(tmp_path: Path) -> None:
    """Bad lines, quoted breaks and empty lines around the ends of blocks keep the numbers right."""
    rng = random.Random(6)  # noqa: S311 - a seed
    lines, good, bad = ["id,name"], list[int](), list[int]()
    size = 0
    while size < 3 * BLOCK:
        number = len(lines) + 1
        kind = rng.random()
        if kind < 0.001:
            lines += ['7,"two', 'lines"']
            good.append(number)
        elif kind < 0.002:
            lines.append(rng.choice(["7", "7,8,9", '7,"open']))
            bad.append(number)
        elif kind < 0.003:
            lines.append("")
        else:
            lines.append("7," + "x" * rng.randrange(200))
            good.append(number)
        size += len(lines[-1])
    found = whole(opened(tmp_path, "\r\n".join(lines).encode()))
    assert found.lines == good
    assert [one.line for one in found.refused] == bad


def test_empty_lines_are_no_rows_and_cells_are_trimmed(tmp_path: Path) -> None:
    """Also lines of blanks; an empty cell is None."""
    raw = 'id , name\n\n 1 , a\u3000\n  \n"  2",\n\r\n'.encode()
    found = whole(opened(tmp_path, raw))
    assert found.rows == [{"id": "1", "name": "a"}, {"id": "2", "name": None}]
    assert (found.lines, found.refused) == ([3, 5], ())
    only = whole(opened(tmp_path, b"id\na\n\n   \nb\n"))
    assert (only.rows, only.lines) == ([{"id": "a"}, {"id": "b"}], [2, 5])


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"id,name,id\n1,2,3\n", "columns 1 and 3 have the same name"),
        (b"id,name, id \n1,2,3\n", "columns 1 and 3 have the same name"),
        (b"id,ID\n1,2\n", "columns 1 and 2 have the same name"),
        (b"id,,x\n1,2,3\n", "column 2 has no name"),
        (b"13812345678,abc\n1,2\n", "the first line has to name the columns"),
        (b"id,2026-11-28\n1,2\n", "the first line has to name the columns"),
        (b"id,\xff\xff\n1,2\n", "line 1, the header, has bytes"),
        (b'id,"na\n1,2\n', "line 1, the header, opens a quote"),
        (b"id,a\0b\n1,2\n", "line 1, the header, has a NUL"),
        (b"PK\x03\x04....", "Excel workbook"),
        (b"\x1f\x8b....", "compressed"),
        (b"PAR1....", "damaged or cut off"),
    ],
)
def test_f26_a_header_of_no_use_is_refused_before_a_row_is_read(
    tmp_path: Path, raw: bytes, problem: str
) -> None:
    """A name twice, also after trimming or in another case; none; or a row in its place."""
    with pytest.raises(InvalidConfigError, match=problem) as caught:
        opened(tmp_path, raw)
    assert "13812345678" not in str(caught.value)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    """Missing, a directory, or a name that promises something else."""
    for path, problem in ((tmp_path / "x", "does not exist"), (tmp_path, "is a directory")):
        with pytest.raises(InvalidConfigError, match=problem):
            open_input(path)
    (tmp_path / "log.parquet").write_text("id\n1\n")
    with pytest.raises(InvalidConfigError, match="cannot be read as Parquet"):
        open_input(tmp_path / "log.parquet")


@pytest.mark.parametrize(
    "examples", [2_000, pytest.param(100_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_blocks_read_what_lines_read(examples: int) -> None:
    """Arrow's way, where it is taken, gives the rows, numbers and problems of the slow way."""
    rng, fast = random.Random(7), 0  # noqa: S311 - a seed
    parts = [b"a", b"b", b",", b'"', b"\n", b" ", b"\r\n", b"\t", "张".encode(), b'""', b"\xc2\xa0"]
    weights = [8, 8, 12, 2, 8, 1, 0.3, 0.2, 1, 1, 0.1]
    for _ in range(examples):
        names = ["x", "y", "z"][: rng.randrange(1, 4)]
        text = b"".join(rng.choices(parts, weights, k=rng.randrange(50))) + b"\n"
        found = BlockReader(names, names, ",").read(text, 2)
        if found is None:
            continue
        fast += 1
        slow = LineReader(",", len(names)).read(text.split(b"\n")[:-1], 2, final=True)
        rows = [dict(zip(names, cells, strict=True)) for cells in slow.cells]
        assert found.row_batch() == RowBatch(rows, slow.lines, tuple(slow.bad)), text
    assert fast > examples // 20


def test_rows_as_python_writes_them_are_read_back(tmp_path: Path) -> None:
    """Quotes, separators and line breaks in cells survive, wherever a block ends."""
    rng = random.Random(8)  # noqa: S311 - a seed
    words = ["a", 'say "so"', "x,y", "two\nlines", "五", ""]
    rows = [[str(n), rng.choice(words), rng.choice(words)] for n in range(50_000)]
    text = io.StringIO()
    csv.writer(text).writerows([["id", "b", "c"], *rows])
    found = whole(opened(tmp_path, text.getvalue().encode()))
    assert found.refused == ()
    assert [list(row.values()) for row in found.rows] == [[c or None for c in r] for r in rows]
    assert (np.diff(found.lines) >= 1).all()


def test_a_row_has_bounds(tmp_path: Path) -> None:
    """A quote that stays open for thousands of lines is forgotten, not a cell."""
    lines = [b'1,"open', *[b"2,b"] * (csv_lines.MOST_LINES + 5), b'3,c"']
    found = whole(opened(tmp_path, b"\n".join([b"id,name", *lines])))
    assert len(found.rows) == csv_lines.MOST_LINES + 6
    assert [one.line for one in found.refused] == [2]
