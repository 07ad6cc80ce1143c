"""Rows of Parquet files that come from other tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nudge.errors import InvalidConfigError

BATCH = 2_000


def parquet_columns(path: Path) -> list[str]:
    """Return the names of the file's columns.

    Raises:
        InvalidConfigError: the file is not Parquet.
    """
    with _opened(path) as file:
        return list(file.schema_arrow.names)


def parquet_length(path: Path) -> int:
    """Return the number of rows of the file.

    Raises:
        InvalidConfigError: the file is not Parquet.
    """
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def iter_parquet(path: Path, columns: Sequence[str]) -> Iterator[dict[str, object]]:
    """Yield the rows in the file's order, with these columns only, a batch in memory at a time.

    Raises:
        InvalidConfigError: the file is not Parquet, or is damaged.
    """
    with _opened(path) as file:
        try:
            for batch in file.iter_batches(batch_size=BATCH, columns=list(columns)):
                yield from batch.to_pylist()
        except pa.ArrowException as error:
            raise InvalidConfigError([f"{path}: cannot be read as Parquet: {error}"]) from error


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise InvalidConfigError([f"{path}: cannot be read as Parquet: {error}"]) from error
