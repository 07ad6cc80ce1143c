"""Tables of SMS planning: a file's visitors read in pieces, plans written as CSV or Parquet."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.domain.timing.plan_rows import COLUMNS, INVALID, PROBLEM, Row
from nudge.lake.files import disk
from nudge.lake.intake.block import RowBlock
from nudge.lake.intake.input_file import InputFile

KINDS: Final = {
    "propensity": pa.float64(),
    "sticky": pa.bool_(),
    "sent": pa.bool_(),
    "line": pa.int64(),
    "repeat_of": pa.int64(),
}
SCHEMA: Final = pa.schema([(name, KINDS.get(name, pa.string())) for name in COLUMNS])
REPEATED: Final = (
    "window",
    "propensity",
    "reason",
    "blocked",
    "decisions",
    "displaces",
    "content",
    "message",
)
"""Columns with few values: only these gain by a Parquet dictionary."""
PARQUET: Final[Mapping[str, Any]] = {"compression": "zstd", "use_dictionary": list(REPEATED)}
LINE: Final = "#line"
TOLD: Final = 1_000
"""Most refused rows that are kept for the summary."""

Writer: TypeAlias = "pq.ParquetWriter | csv.CSVWriter"


class PlanRows(NamedTuple):
    """The rows of a piece, those that could not be read in their places.

    Attributes:
        rows: column -> value; `PROBLEM` alone where the row could not be read.
        lines: place of each row in the file.
    """

    rows: list[dict[str, Any]]
    lines: list[int]


def visitor_pieces(file: InputFile, size: int) -> Iterator[Callable[[], PlanRows]]:
    """Yield functions that each return the next `size` rows of a file; the last may have fewer."""
    return (partial(_rows_of, piece) for piece in _pieces(file, size))


def _pieces(file: InputFile, size: int) -> Iterator[pa.Table]:
    left = None
    for more in map(_numbered, file.blocks(file.columns)):
        left = more if left is None else _joined([left, more])
        while left.num_rows >= size:
            yield left.slice(0, size)
            left = left.slice(size)
    if left is not None and left.num_rows:
        yield left


def read_in_order(
    file: InputFile, size: int, order: Sequence[int]
) -> Iterator[Callable[[], PlanRows]]:
    """Yield pieces like `visitor_pieces`, by an order of row numbers; holds the file in memory."""
    whole = _joined(list(map(_numbered, file.blocks(file.columns))))
    for start in range(0, len(order), size):
        piece = whole.take(pa.array(order[start : start + size]))
        yield partial(_rows_of, piece)


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    # A block of which nothing could be read has columns without a type.
    return pa.concat_tables(tables, promote_options="default")


def _numbered(block: RowBlock) -> pa.Table:
    """Return a block with the place of each row, and its bad rows among the others."""
    table = pa.Table.from_batches([block.batch])
    table = table.append_column(LINE, pa.array(block.lines, pa.int64()))
    table = table.append_column(PROBLEM, pa.nulls(table.num_rows, pa.string()))
    if not block.bad:
        return table
    lines = [one.line + n for one in block.bad for n in range(one.rows)]
    texts = chain.from_iterable([one.problem] * one.rows for one in block.bad)
    bad = pa.table({LINE: pa.array(lines, pa.int64()), PROBLEM: pa.array(texts, pa.string())})
    return _joined([table, bad]).sort_by(LINE)


def _rows_of(piece: pa.Table) -> PlanRows:
    lines, problems = piece[LINE].to_pylist(), piece[PROBLEM]
    plain = piece.drop_columns([LINE, PROBLEM]).combine_chunks()
    (batch,) = plain.to_batches()
    found = RowBlock(batch, np.arange(len(lines))).row_batch()
    if not found.refused and problems.null_count == len(lines):
        return PlanRows(found.rows, lines)
    rows = dict(zip(found.lines, found.rows, strict=True))
    rows |= {one.line: {PROBLEM: one.problem} for one in found.refused}
    told = enumerate(problems.to_pylist())
    rows |= {place: {PROBLEM: text} for place, text in told if text is not None}
    return PlanRows([rows[place] for place in range(len(lines))], lines)


def write_piece(rows: Sequence[Row], path: Path) -> None:
    """Write rows to a file atomically and durably: it is synced, then renamed."""
    columns = map(pa.array, zip(*rows, strict=True), SCHEMA.types)
    made = path.with_suffix(".tmp")
    with made.open("wb") as file:
        pq.write_table(pa.table(list(columns), schema=SCHEMA), file, **PARQUET)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


class PlanFile:
    """A file that is joined from pieces, in order, while they are written.

    Attributes:
        outcomes: number of rows that are `planned`, and of the others by reason.
        repeated: rows of visitors who had a row before; they are not in `outcomes`.
        refused: place and message of the first rows that could not be read.
    """

    def __init__(self, piece: Callable[[int], Path], writer: Writer) -> None:
        self._piece, self._writer = piece, writer
        self._next = 0
        self.outcomes: Counter[str] = Counter()
        self.repeated = 0
        self.refused: list[tuple[int, str]] = []

    def go_on(self) -> None:
        """Append the pieces that exist by now."""
        while (path := self._piece(self._next)).exists():
            # Not read_table, which brings pandas with it, and 60 MB.
            with pq.ParquetFile(path) as file:
                table = file.read(use_threads=False)
            self._writer.write_table(table)
            self._count(table)
            self._next += 1

    def _count(self, table: pa.Table) -> None:
        first = table.filter(pc.is_null(table["repeat_of"]))
        self.repeated += table.num_rows - first.num_rows
        found = _outcomes(first)
        self.outcomes += found
        if found[INVALID] and len(self.refused) < TOLD:
            bad = first.filter(pc.equal(first["reason"], INVALID)).select(["line", "message"])
            self.refused += [(one["line"], one["message"]) for one in bad.to_pylist()]


@contextmanager
def join_pieces(piece: Callable[[int], Path], made: Path, out: Path) -> Iterator[PlanFile]:
    """Join pieces to one file: Parquet if its name ends in .parquet, else CSV.

    Args:
        piece: number -> path of the piece.
        made: path of the unfinished file, on the disk of `out`.
        out: path of the finished file, which appears when it is whole and synced.
    """
    with _writer(made, parquet=out.suffix == ".parquet") as writer:
        found = PlanFile(piece, writer)
        yield found
        found.go_on()
    disk.publish(made, out)


def _outcomes(table: pa.Table) -> Counter[str]:
    without = table.filter(pc.is_null(table["send_at"]))["reason"].value_counts()
    found = Counter({one["values"]: one["counts"] for one in without.to_pylist()})
    found["planned"] = table.num_rows - found.total()
    return found


def _writer(path: Path, *, parquet: bool) -> Writer:
    return pq.ParquetWriter(path, SCHEMA, **PARQUET) if parquet else csv.CSVWriter(path, SCHEMA)
