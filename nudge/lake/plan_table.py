"""Customers to plan for, some at a time, and their plans as a CSV or Parquet file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.domain.plan_rows import COLUMNS, Row
from nudge.lake.logs import LogFile

KINDS: Final = {"propensity": pa.float64(), "sticky": pa.bool_()}
SCHEMA: Final = pa.schema([(name, KINDS.get(name, pa.string())) for name in COLUMNS])


Rows = list[dict[str, Any]]


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
        pq.write_table(pa.table(list(columns), schema=SCHEMA), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


def join_pieces(pieces: Iterable[Path], out: Path) -> None:
    """Make one file of pieces: Parquet where the name ends in .parquet, else CSV."""
    made = out.with_name(f"{out.name}.tmp")
    with _writer(made, parquet=out.suffix == ".parquet") as writer:
        for piece in pieces:
            writer.write_table(pq.read_table(piece, schema=SCHEMA))
    made.replace(out)


def outcomes(piece: Path) -> Iterator[str]:
    """For each row of a piece `planned`, or the reason why not."""
    table = pq.read_table(piece, columns=["send_at", "reason"])
    for sent, reason in zip(*(column.to_pylist() for column in table.columns), strict=True):
        yield "planned" if sent else reason


def _writer(path: Path, *, parquet: bool) -> pq.ParquetWriter | csv.CSVWriter:
    return (
        pq.ParquetWriter(path, SCHEMA, compression="zstd")
        if parquet
        else csv.CSVWriter(path, SCHEMA)
    )
