"""The joined form of a lake as a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from nudge.errors import InvalidConfigError
from nudge.lake.errors import BrokenLakeError
from nudge.lake.logs import BATCH, LogFile
from nudge.lake.query import Backend, answer, connect, joined
from nudge.lake.reader import Lake


def open_lake(path: Path, slot: str | None) -> LogFile:
    """The decisions of a slot, each with its exposure and reward.

    Raises:
        InvalidConfigError: the directory is no lake, or has no decisions of the slot.
        BrokenLakeError: the manifests contradict each other.
    """
    if not (path / "manifests").is_dir():
        text = "is a directory without manifests; give a lake, or a CSV or Parquet file"
        raise InvalidConfigError([f"{path}: {text}"])
    # Connected once: every reading sees the same manifests.
    backend = connect(Lake(path))
    _check(path, _slots(backend), slot)
    rows = joined(backend, slot)
    (counted,) = answer(backend, rows.aggregate(rows=rows.count()))

    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with _translated():
            # Not `to_pyarrow_batches`: Ibis 12 asks for what DuckDB 2 has under another name.
            query = backend.con.sql(backend.compile(rows.select(*names)))
            yield from query.to_arrow_reader(BATCH)

    return LogFile(str(path), tuple(rows.columns), int(counted["rows"]), read)


def _slots(backend: Backend) -> list[str]:
    names = backend.table("decisions").select("slot").distinct()
    return sorted(row["slot"] for row in answer(backend, names))


def _check(path: Path, slots: Sequence[str], slot: str | None) -> None:
    if slot not in slots:
        cure = f"name one with --slot: {', '.join(slots)}" if slots else "nothing was archived yet"
        raise InvalidConfigError([f"{path}: there are no decisions of slot {slot!r}; {cure}"])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise BrokenLakeError(f"the lake cannot be read: {error}") from error
