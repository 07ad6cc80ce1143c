"""Logs of decisions from a CSV or Parquet file, or from a lake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from nudge.errors import InvalidConfigError
from nudge.lake.evaluation.log_file import BATCH, LogFile

BLOCK: Final = 1 << 21
"""Bytes of a CSV file that one read takes."""
MAGIC: Final = b"PAR1"


def open_log(path: Path, slot: str | None = None, engine: str = "duckdb") -> LogFile:
    """Open a log: a CSV or Parquet file, or a lake's directory.

    Args:
        path: of the file or the directory; the first bytes tell the kind of a file.
        slot: whose decisions are wanted; a lake needs it, a file with a column `slot` is cut.
        engine: that reads a lake; see `query.connect`.

    Raises:
        InvalidConfigError: the log does not exist or cannot be read.
        BrokenLakeError: the lake's manifests contradict each other.
    """
    if path.is_dir():
        from nudge.lake.evaluation.log_lake import open_lake  # noqa: PLC0415 - duckdb and ibis, which a file does not need

        return open_lake(path, slot, engine)
    with readable_file(path), path.open("rb") as file:
        parquet = file.read(len(MAGIC)) == MAGIC
    log = _parquet(path) if parquet else _csv(path)
    if slot is None or "slot" not in log.columns:
        return log
    return log.filter("slot", lambda column: pc.equal(column.cast(pa.string()), slot))


def _parquet(path: Path) -> LogFile:
    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        # With a buffer, a row group's columns are streamed: one may be as large as the file.
        with (
            readable_file(path),
            pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file,
        ):
            yield from file.iter_batches(batch_size=BATCH, columns=list(names))

    with readable_file(path), pq.ParquetFile(path) as file:
        columns, rows = tuple(file.schema_arrow.names), int(file.metadata.num_rows)
    return LogFile(str(path), columns, rows, read)


def _csv(path: Path) -> LogFile:
    def opened(names: Sequence[str]) -> csv.CSVStreamingReader:
        # As text: what a column holds is not known by its first block.
        kinds = dict.fromkeys(names, pa.string())
        return csv.open_csv(
            path,
            read_options=csv.ReadOptions(block_size=BLOCK),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                include_columns=list(names),
                column_types=kinds,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )

    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with readable_file(path), opened(names) as reader:
            yield from reader

    with readable_file(path), opened([]) as reader:
        columns = tuple(reader.schema.names)
    return LogFile(str(path), columns, _lines(path), read)


def _lines(path: Path) -> int:
    with readable_file(path), path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b"")) - 1


@contextmanager
def readable_file(path: Path) -> Iterator[None]:
    """Translate errors of the disk and the readers into a line with its cure.

    Raises:
        InvalidConfigError: the file cannot be read.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        cure = "give a CSV file in UTF-8 with a header, or a Parquet file"
        raise InvalidConfigError([f"{path}: cannot be read ({error}); {cure}"]) from error
