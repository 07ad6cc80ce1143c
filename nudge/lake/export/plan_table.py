"""Customers to plan for, some at a time, and their plans as a CSV or Parquet file."""

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
"""Columns of few values; a dictionary of the others only costs time."""
PARQUET: Final[Mapping[str, Any]] = {"compression": "zstd", "use_dictionary": list(REPEATED)}


Rows = list[dict[str, Any]]
Writer: TypeAlias = "pq.ParquetWriter | csv.CSVWriter"


def customers(log: LogFile, size: int) -> Iterator[Callable[[], Rows]]:
    """A file's rows in pieces of `size`, the last of which may be shorter; each when called."""
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


def in_order(log: LogFile, size: int, order: Sequence[int]) -> Iterator[Callable[[], Rows]]:
    """The same in another order: the numbers of rows. The whole file is in memory."""
    whole = pa.Table.from_batches(list(log.read(log.columns)))
    for start in range(0, len(order), size):
        yield whole.take(pa.array(order[start : start + size])).to_pylist


def write_piece(rows: Sequence[Row], path: Path) -> None:
    """Write rows, so that they are there whole, and stay, or not at all."""
    columns = map(pa.array, zip(*rows, strict=True), SCHEMA.types)
    made = path.with_suffix(".tmp")
    with made.open("wb") as file:
        pq.write_table(pa.table(list(columns), schema=SCHEMA), file, **PARQUET)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


class PlanFile:
    """One file that is made of pieces, in order, while they are written.

    Attributes:
        outcomes: how many rows are `planned`, and how many are not, by the reason.
    """

    def __init__(self, piece: Callable[[int], Path], writer: Writer) -> None:
        self._piece, self._writer = piece, writer
        self._next = 0
        self.outcomes: Counter[str] = Counter()

    def go_on(self) -> None:
        """Add the pieces that are there by now."""
        while (path := self._piece(self._next)).exists():
            # Not read_table, which brings pandas with it, and 60 MB.
            with pq.ParquetFile(path) as file:
                table = file.read(use_threads=False)
            self._writer.write_table(table)
            self.outcomes += _outcomes(table)
            self._next += 1


@contextmanager
def joining(piece: Callable[[int], Path], made: Path, out: Path) -> Iterator[PlanFile]:
    """Make one file of pieces: Parquet where the name ends in .parquet, else CSV.

    Args:
        piece: number -> where it is, or will be.
        made: where the file is made; on the same disk as `out`.
        out: where it is, whole, in the end.
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
