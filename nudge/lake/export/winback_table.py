"""A table of the win-back list, written in pieces: Parquet if its name ends so, else CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from nudge.domain.reports.report_table import BOM, spreadsheet_text
from nudge.domain.winback.winback_view import COLUMNS, NUMBERS
from nudge.lake.files import disk

SCHEMA: Final = pa.schema(
    [(name, pa.float64() if name in NUMBERS else pa.string()) for name in COLUMNS]
)
Rows = Sequence[Mapping[str, Any]]
Write = Callable[[Rows], None]


@contextmanager
def winback_file(path: Path) -> Iterator[Write]:
    """Give a function that appends rows; the file appears when it is whole and synced.

    In CSV text that looks like a formula is quoted: a spreadsheet must not run it.

    Raises:
        LakeError: the disk refuses.
    """
    with disk.translate_errors(f"{path} cannot be written"):
        draft = disk.temporary(path)
        try:
            with (_parquet if path.suffix == ".parquet" else _csv)(draft) as write:
                yield write
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _parquet(draft: Path) -> Iterator[Write]:
    with pq.ParquetWriter(draft, SCHEMA) as writer:
        yield lambda rows: writer.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA))


@contextmanager
def _csv(draft: Path) -> Iterator[Write]:
    with draft.open("w", encoding="utf-8", newline="") as target:
        target.write(BOM)
        writer = csv.writer(target)
        writer.writerow(COLUMNS)
        yield lambda rows: writer.writerows(
            [spreadsheet_text(row[name]) for name in COLUMNS] for row in rows
        )
