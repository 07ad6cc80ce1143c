"""Export of the joined form as a table: typed Parquet, or CSV with lists and maps as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.lake.evaluation.log_columns import Look
from nudge.lake.evaluation.log_file import LogFile

MICROS = 1_000_000


def write_parquet(
    log: LogFile, path: Path, attributes: object, look: Look
) -> tuple[int, Mapping[str, int]]:
    """Write every decision as a row of Parquet; return the rows, none left out."""
    del attributes
    writer, rows = None, 0
    try:
        for batch in log.read(log.columns):
            writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd")
            writer.write_batch(batch)
            rows += batch.num_rows
            look(batch.num_rows)
    finally:
        if writer is not None:
            writer.close()
    return rows, {}


def write_csv(
    log: LogFile,
    path: Path,
    attributes: object,
    look: Look,
    calendar: OperatorCalendar | None = None,
) -> tuple[int, Mapping[str, int]]:
    """Write every decision as a line of CSV; return the lines, none left out.

    Times are local ones, with the offset of the calendar's zone.
    """
    del attributes
    by = calendar or OperatorCalendar()
    writer, rows = None, 0
    try:
        for batch in log.read(log.columns):
            flat = _flat(batch, by)
            writer = writer or csv.CSVWriter(path, flat.schema)
            writer.write_batch(flat)
            rows += batch.num_rows
            look(batch.num_rows)
    finally:
        if writer is not None:
            writer.close()
    return rows, {}


def _flat(batch: pa.RecordBatch, calendar: OperatorCalendar) -> pa.RecordBatch:
    columns = [_column(column, calendar) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _column(column: pa.Array, calendar: OperatorCalendar) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        micros = column.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
        return pa.array(
            [None if at is None else calendar.label(at / MICROS) for at in micros], pa.string()
        )
    if pa.types.is_map(column.type):
        return _texts([None if one is None else dict(one) for one in column.to_pylist()])
    return _texts(column.to_pylist()) if pa.types.is_list(column.type) else column


def _texts(values: list[Any]) -> pa.Array:
    texts = [None if one is None else orjson.dumps(one).decode() for one in values]
    return pa.array(texts, pa.string())
