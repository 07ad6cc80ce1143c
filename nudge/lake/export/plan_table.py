"""Tables of SMS planning: a file's visitors read in pieces, plans written as CSV or Parquet."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.domain.timing.plan_rows import COLUMNS, Row
from nudge.lake.evaluation.log_file import LogFile

KINDS: Final = {"propensity": pa.float64(), "sticky": pa.bool_()}
SCHEMA: Final = pa.schema([(name, KINDS.get(name, pa.string())) for name in COLUMNS])
REPEATED: Final = ("window", "propensity", "reason", "blocked", "decisions", "displaces", "message")
"""Columns with few values: only these gain by a Parquet dictionary."""
PARQUET: Final[Mapping[str, Any]] = {"compression": "zstd", "use_dictionary": list(REPEATED)}


Rows = list[dict[str, Any]]
Writer: TypeAlias = "pq.ParquetWriter | csv.CSVWriter"


def visitor_pieces(log: LogFile, size: int) -> Iterator[Callable[[], Rows]]:
    """Yield functions that each return the next `size` rows of a file; the last may have fewer."""
    return (piece.to_pylist for piece in _pieces(log, size))


def _pieces(log: LogFile, size: int) -> Iterator[pa.Table]:
    left = None
    for batch in log.read(log.columns):
        more = pa.Table.from_batches([batch])
        left = more if left is None else pa.concat_tables([left, more])
        while left.num_rows >= size:
            yield left.slice(0, size)
            left = left.slice(size)
    if left is not None and left.num_rows:
        yield left


def read_in_order(log: LogFile, size: int, order: Sequence[int]) -> Iterator[Callable[[], Rows]]:
    """Yield pieces like `visitor_pieces`, by an order of row numbers; holds the file in memory."""
    whole = pa.Table.from_batches(list(log.read(log.columns)))
    for start in range(0, len(order), size):
        yield whole.take(pa.array(order[start : start + size])).to_pylist


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
    """

    def __init__(self, piece: Callable[[int], Path], writer: Writer) -> None:
        self._piece, self._writer = piece, writer
        self._next = 0
        self.outcomes: Counter[str] = Counter()

    def go_on(self) -> None:
        """Append the pieces that exist by now."""
        while (path := self._piece(self._next)).exists():
            # Not read_table, which brings pandas with it, and 60 MB.
            with pq.ParquetFile(path) as file:
                table = file.read(use_threads=False)
            self._writer.write_table(table)
            self.outcomes += _outcomes(table)
            self._next += 1


@contextmanager
def join_pieces(piece: Callable[[int], Path], made: Path, out: Path) -> Iterator[PlanFile]:
    """Join pieces to one file: Parquet if its name ends in .parquet, else CSV.

    Args:
        piece: number -> path of the piece.
        made: path of the unfinished file, on the disk of `out`.
        out: path of the finished file.
    """
    with _writer(made, parquet=out.suffix == ".parquet") as writer:
        found = PlanFile(piece, writer)
        yield found
        found.go_on()
    made.replace(out)


def _outcomes(table: pa.Table) -> Counter[str]:
    without = table.filter(pc.is_null(table["send_at"]))["reason"].value_counts()
    found = Counter({one["values"]: one["counts"] for one in without.to_pylist()})
    found["planned"] = table.num_rows - found.total()
    return found


def _writer(path: Path, *, parquet: bool) -> Writer:
    return pq.ParquetWriter(path, SCHEMA, **PARQUET) if parquet else csv.CSVWriter(path, SCHEMA)
