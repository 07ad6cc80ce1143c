"""A table of texts, written in pieces: Parquet if its name ends so, else CSV for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nudge.lake.files import disk

Rows = Sequence[Mapping[str, str]]
Write = Callable[[Rows], object]


@contextmanager
def text_file(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    """Give a function that appends rows; the file appears when it is whole and synced.

    Args:
        path: of the finished file.
        columns: of each row.

    Raises:
        LakeError: the disk refuses.
    """
    with disk.translate_errors(f"{path} cannot be written"):
        draft = disk.temporary(path)
        try:
            with (_parquet if path.suffix == ".parquet" else _csv)(draft, columns) as write:
                yield write
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _parquet(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    schema = pa.schema([(name, pa.string()) for name in columns])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        yield lambda rows: writer.write_table(
            pa.table({name: [one[name] for one in rows] for name in columns}, schema=schema)
        )


@contextmanager
def _csv(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    # Its mark tells a spreadsheet that the file is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        yield lambda rows: writer.writerows([one[name] for name in columns] for one in rows)
