"""Plans as a CSV or Parquet file, which appears whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.domain.plan_rows import COLUMNS

ROWS: Final = 20_000
"""Of a row group, and in memory at once."""
KINDS: Final = {"propensity": pa.float64(), "sticky": pa.bool_()}
SCHEMA: Final = pa.schema([(name, KINDS.get(name, pa.string())) for name in COLUMNS])


def write_plans(rows: Iterable[Mapping[str, Any]], out: Path) -> None:
    """Write rows with `COLUMNS`: as Parquet where the name ends in .parquet, else as CSV."""
    made = out.with_name(f"{out.name}.tmp")
    with _writer(made, parquet=out.suffix == ".parquet") as writer:
        for table in _tables(rows):
            writer.write_table(table)
    made.replace(out)


def _writer(path: Path, *, parquet: bool) -> pq.ParquetWriter | csv.CSVWriter:
    return (
        pq.ParquetWriter(path, SCHEMA, compression="zstd")
        if parquet
        else csv.CSVWriter(path, SCHEMA)
    )


def _tables(rows: Iterable[Mapping[str, Any]]) -> Iterator[pa.Table]:
    left = iter(rows)
    while batch := list(islice(left, ROWS)):
        yield pa.Table.from_pylist([dict(row) for row in batch], schema=SCHEMA)
