"""Cache of rows whose rewards may still come, joined once for each state of the lake.

The cache is safe to remove. Reports of one state of the lake share the file; the next state has
another one, and old files are removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb
import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import FloatingColumn, Table

from nudge import clock
from nudge.lake.engine.query import translate_errors
from nudge.lake.engine.undone import undone_imports
from nudge.lake.files import disk
from nudge.lake.files.reader import Contents
from nudge.lake.reports import shown
from nudge.lake.reports.day_tables import DayFile, day_of, read

VERSION: Final = "3"
"""Version of the files' format; a new one makes all files anew."""
UNUSED: Final = 300.0
"""Seconds after its last use at which a file is removed: until then a report may be reading it."""
SEEN: Final = "seen"
"""Name of the temporary table of the days that have no file."""
LOGGED: Final = ("decisions", "exposures", "rewards")


@dataclass(frozen=True)
class OpenRows:
    """The rows of one slot that are in no final day.

    Attributes:
        root: directory of the slot's files.
        backend: engine over the same `contents`.
        slot: name of the slot.
        days: files of all past days.
    """

    root: Path
    backend: Backend
    contents: Contents
    slot: str
    days: Sequence[DayFile]

    def table(self) -> Table | None:
        """Return the rows with their rewards, `settled` and `age`; None if every day is final.

        Raises:
            BrokenLakeError: the lake cannot be read.
            LakeAwayError: the disk refused.
        """
        rest = sorted(self._logged() - {file.day for file in self.days})
        joined = [file for file in self.days if not file.final]
        if self.days and not (rest or joined):
            return None
        path = self.root / f"{self.state}.parquet"
        with disk.translate_errors(str(self.root)):
            self.root.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.touch()
            else:
                self._write(self._joined(rest, joined), path)
            self._sweep()
        return read(self.backend, [path])

    def _logged(self) -> set[date]:
        return {day_of(source.path) for source in self.contents.tables()["exposures"]}

    @cached_property
    def state(self) -> str:
        """Hash of everything that these rows, and those of the past days, are made from."""
        tables = self.contents.tables()
        parts = [
            f"{source.path.relative_to(self.contents.root)} {source.ranges}"
            for name in LOGGED
            for source in tables[name]
        ]
        marks = sorted(self.contents.watermarks().items())
        days = [file.path.name for file in self.days]
        days += [repr(one) for one in undone_imports(self.backend) if one[-1] == self.slot]
        made = "\n".join([VERSION, duckdb.__version__, *parts, *days, repr(marks)])
        return hashlib.blake2b(made.encode(), digest_size=16).hexdigest()

    def _joined(self, rest: Sequence[date], joined: Sequence[DayFile]) -> Table:
        parts = [read(self.backend, [file.path for file in joined])] if joined else []
        if rest or not joined:
            parts.append(shown.join_days(self.backend, self.slot, rest, SEEN))
        since = min([*rest, *(file.day for file in joined)], default=None)
        rewards = shown.sum_rewards(self.backend, self.slot, since)
        rows = shown.with_rewards(shown.align_columns(parts), rewards)
        return add_ages(rows, self.contents.watermarks())

    def _write(self, rows: Table, path: Path) -> None:
        draft = disk.temporary(path)
        try:
            with translate_errors():
                self.backend.to_parquet(rows, draft)
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)

    def _sweep(self) -> None:
        before = clock.now() - UNUSED
        for path in self.root.iterdir():
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def add_ages(rows: Table, marks: Mapping[int, float]) -> Table:
    """Add `settled` and `age` (seconds) to rows, by the watermarks of their partitions."""
    mark = _mark(rows, marks)
    settled = (rows.settles < mark).fill_null(False)
    return rows.mutate(
        settled=settled, age=ibis.ifelse(settled, ibis.null("float64"), mark - rows.at_seconds)
    )


def _mark(rows: Table, marks: Mapping[int, float]) -> FloatingColumn:
    branches = [(rows.partition == partition, mark) for partition, mark in sorted(marks.items())]
    if not branches:
        return ibis.literal(0.0)
    return ibis.cases(*branches, else_=0.0).cast("float64")
