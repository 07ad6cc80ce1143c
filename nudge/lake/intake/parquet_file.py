"""Parquet files as blocks of rows; what is damaged costs its row group, and is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nudge.errors import InvalidConfigError
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.block import NO_VALUE, READ_ERRORS, RowBlock, numbered
from nudge.lake.intake.header import header_problems
from nudge.lake.intake.parquet_pages import Chunk, check_pages, read_chunks

MAGIC: Final = b"PAR1"
BATCH: Final = 65_536
"""Rows of one block."""
DAMAGED: Final = "is damaged, and so may be what follows it; write the file again"


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file; each reading begins anew.

    Attributes:
        names: names of the columns, trimmed -> as they stand in the file.
        types: of the columns.
        groups: rows of each row group.
        chunks: columns of each row group.
    """

    path: Path
    names: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, pa.DataType] = field(default_factory=dict)
    groups: tuple[int, ...] = ()
    chunks: Sequence[Sequence[Chunk]] = ()

    def blocks(self, names: Sequence[str]) -> Iterator[RowBlock]:
        """Yield the rows with these columns, and the rows that cannot be read."""
        start = 1
        for group, rows in enumerate(self.groups):
            read = 0
            try:
                for batch in self._batches(group, names):
                    part = batch.slice(0, rows - read)
                    yield _checked(part, start + read)
                    read += part.num_rows
            except READ_ERRORS:
                pass
            if read < rows:
                bad = BadRow(start + read, f"{DAMAGED} (row group {group + 1})", rows - read)
                yield numbered(_nothing(names), start + read, (bad,))
            start += rows

    def _batches(self, group: int, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        # With a buffer, a row group's columns are streamed: one may be as large as the file.
        with _opened(self.path) as file:
            wanted = [self.names[name] for name in names]
            self._check(self.chunks[group], wanted)
            for batch in file.iter_batches(BATCH, row_groups=[group], columns=wanted):
                yield batch.select(wanted).rename_columns(list(names)) if wanted else batch

    def _check(self, chunks: Sequence[Chunk], wanted: Sequence[str]) -> None:
        """Check the pages of the wanted columns, with all that is nested in these."""
        with self.path.open("rb") as file:
            for one in chunks:
                if one.column in wanted:
                    check_pages(file, one)


def open_parquet(path: Path) -> ParquetFile:
    """Open a Parquet file, and read what it says of itself.

    Raises:
        InvalidConfigError: it is damaged, or its columns cannot be told apart; with the cure.
    """
    try:
        with _opened(path) as file:
            schema, groups = file.schema_arrow, _group_rows(file.metadata)
            names = {name.strip(): name for name in schema.names}
            types = {field.name.strip(): field.type for field in schema}
            problems = header_problems([name.strip() for name in schema.names], typed=True)
        with path.open("rb") as raw:
            chunks = read_chunks(raw)
    except READ_ERRORS as error:
        text = "cannot be read as Parquet: it is damaged or cut off; write it again"
        raise InvalidConfigError([f"{path}: {text}"]) from error
    if problems:
        raise InvalidConfigError([f"{path}: {one}" for one in problems])
    return ParquetFile(path, names, types, groups, chunks)


def _opened(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(
        path, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True
    )


def _group_rows(metadata: pq.FileMetaData) -> tuple[int, ...]:
    rows = tuple(metadata.row_group(n).num_rows for n in range(metadata.num_row_groups))
    if any(count < 0 for count in rows) or sum(rows) != metadata.num_rows:
        raise ValueError("the numbers of rows contradict each other")
    return rows


def _checked(batch: pa.RecordBatch, first: int) -> RowBlock:
    """Return a batch as a block, without the rows whose values are none."""
    if _is_valid(batch):
        return numbered(batch, first)
    kept = np.array([_is_valid(batch.slice(n, 1)) for n in range(batch.num_rows)])
    if kept.all():
        kept[:] = False
    bad = tuple(BadRow(first + int(n), NO_VALUE) for n in np.flatnonzero(~kept))
    lines = first + np.flatnonzero(kept)
    return RowBlock(batch.take(pa.array(np.flatnonzero(kept))), lines, bad)


def _is_valid(batch: pa.RecordBatch) -> bool:
    try:
        batch.validate(full=True)
    except READ_ERRORS:
        return False
    return True


def _nothing(names: Sequence[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(0) for _ in names], list(names))
