"""Blocks of a file's rows, as columns and as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from bandits.arrays import BoolArray, IntArray
from nudge.lake.intake.bad_row import BadRow

READ_ERRORS: Final = (
    *(OSError, pa.ArrowException, ValueError, MemoryError, OverflowError),
    *(LookupError, TypeError, NotImplementedError),
)
"""All that pyarrow raises for a damaged file, or for a value that Python cannot hold."""
NO_VALUE: Final = "a value cannot be read; write it as text"


@dataclass(frozen=True)
class RowBatch:
    """A batch of n rows of a file.

    Attributes:
        rows: (n,) column -> value; None for an empty cell.
        lines: (n,) place of each row: its first line in a CSV file, its number in a Parquet file.
        refused: rows beside these that cannot be read.
    """

    rows: list[dict[str, Any]]
    lines: list[int]
    refused: tuple[BadRow, ...] = ()


@dataclass(frozen=True, eq=False)
class RowBlock:
    """A block of n rows of a file, as columns.

    Attributes:
        batch: the rows that can be read.
        lines: (n,) place of each, as in `RowBatch`.
        bad: rows beside these that cannot be read.
    """

    batch: pa.RecordBatch
    lines: IntArray
    bad: tuple[BadRow, ...] = ()

    def where(self, kept: BoolArray) -> RowBlock:
        """Return the block with the rows where `kept` (n,) holds; `bad` stays as it is."""
        return RowBlock(self.batch.filter(pa.array(kept)), self.lines[kept], self.bad)

    def row_batch(self) -> RowBatch:
        """Return the block as rows; a row with a value that Python cannot hold is a bad one."""
        names = self.batch.schema.names
        try:
            columns = [_plain(column).to_pylist() for column in self.batch.columns]
        except READ_ERRORS:
            return self._row_by_row()
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        return RowBatch(rows, self.lines.tolist(), self.bad)

    def _row_by_row(self) -> RowBatch:
        rows, lines, bad = [], [], list(self.bad)
        for place, line in enumerate(self.lines.tolist()):
            try:
                rows.append({n: v[0] for n, v in self._values(place)})
                lines.append(line)
            except READ_ERRORS:
                bad.append(BadRow(line, NO_VALUE))
        return RowBatch(rows, lines, tuple(sorted(bad)))

    def _values(self, place: int) -> Iterator[tuple[str, list[Any]]]:
        for name, column in zip(self.batch.schema.names, self.batch.columns, strict=True):
            yield name, _plain(column.slice(place, 1)).to_pylist()


def numbered(batch: pa.RecordBatch, first: int, bad: tuple[BadRow, ...] = ()) -> RowBlock:
    """Return a batch of rows that follow each other, from a number on."""
    return RowBlock(batch, np.arange(first, first + batch.num_rows, dtype=np.int64), bad)


def number_blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[RowBlock]:
    """Yield batches as blocks, their rows counted from 1."""
    first = 1
    for batch in batches:
        yield numbered(batch, first)
        first += batch.num_rows


def _plain(column: pa.Array) -> pa.Array:
    """Return a column in a type whose values are plain Python."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(column.storage)
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_time64(kind) and kind.unit == "ns":
        return column.cast(pa.time64("us"), safe=False)
    return column
