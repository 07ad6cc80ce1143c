"""A lake's joined form as a log of decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nudge.errors import InvalidConfigError
from nudge.lake.engine.dialects import batches
from nudge.lake.engine.outage_reader import read_quarantines
from nudge.lake.engine.query import DUCKDB, Backend, answer, connect, joined_form
from nudge.lake.evaluation.log_file import BATCH, LogFile
from nudge.lake.files.reader import Lake
from nudge.lake.intake.block import RowBlock, number_blocks


def open_lake(path: Path, slot: str | None, engine: str = DUCKDB) -> LogFile:
    """Open the decisions of a slot, each with its exposure and reward.

    Args:
        path: of the lake.
        slot: name of the slot.
        engine: see `connect`.

    Raises:
        InvalidConfigError: the directory is not a lake, or has no decisions of the slot.
        BrokenLakeError: the manifests contradict each other.
    """
    if not (path / "manifests").is_dir():
        text = "is a directory without manifests; give a lake, or a CSV or Parquet file"
        raise InvalidConfigError([f"{path}: {text}"])
    # Connected once: every reading sees the same manifests.
    backend = connect(Lake(path), engine)
    _check(path, _slots(backend), slot)
    rows = joined_form(backend, slot, read_quarantines(backend))
    (counted,) = answer(backend, rows.aggregate(rows=rows.count()))

    def blocks(names: Sequence[str]) -> Iterator[RowBlock]:
        return number_blocks(batches(backend, rows, names, BATCH))

    return LogFile(str(path), tuple(rows.columns), int(counted["rows"]), blocks)


def _slots(backend: Backend) -> list[str]:
    names = backend.table("decisions").select("slot").distinct()
    return sorted(row["slot"] for row in answer(backend, names))


def _check(path: Path, slots: Sequence[str], slot: str | None) -> None:
    if slot not in slots:
        cure = f"name one with --slot: {', '.join(slots)}" if slots else "nothing was archived yet"
        raise InvalidConfigError([f"{path}: there are no decisions of slot {slot!r}; {cure}"])
