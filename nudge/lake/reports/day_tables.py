"""Cache of past days, joined once and kept as Parquet beside the lake; it is safe to remove.

A file's name has the day and a hash of what it was made from: where the lake's files of that day
are other ones (compaction), another file is made. Rewards are added when all windows have closed;
those that come even later are added where the files are read.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from bandits.units import HOUR
from nudge import clock
from nudge.lake.engine.query import answer, translate_errors
from nudge.lake.engine.undone import undone_imports
from nudge.lake.files import disk
from nudge.lake.files.reader import Contents, Source
from nudge.lake.reports import shown

VERSION: Final = "5"
"""Version of the files' format; a new one makes all files anew."""
LATE: Final = float(HOUR)
"""Seconds that a day stays open after its end."""
STALE: Final = float(HOUR)
"""Age in seconds at which an unused file is removed: until then a report may be reading it."""
ROW_GROUP: Final = 122_880
Tell = Callable[[float], None]
"""Function that is called with the progress, from 0 to 1."""


@dataclass(frozen=True)
class DayFile:
    """The cache file of one day.

    Attributes:
        day: UTC day on which the exposures were logged.
        final: the file has the rewards up to when each exposure had settled.
    """

    day: date
    path: Path
    final: bool


@dataclass(frozen=True)
class DayTables:
    """The cached days of one slot.

    Attributes:
        root: directory of the slot's files.
        backend: engine from `connect`, over the same `contents`.
        slot: name of the slot.
    """

    root: Path
    backend: Backend
    contents: Contents
    slot: str

    def prepare(self, tell: Tell = lambda _: None) -> list[DayFile]:
        """Make the files that are missing, and return the file of each past day.

        Raises:
            BrokenLakeError: the lake cannot be read.
            LakeAwayError: the disk refused.
        """
        wanted = self._closed()
        with disk.translate_errors(str(self.root)):
            self.root.mkdir(parents=True, exist_ok=True)
            files = []
            for number, (day, name) in enumerate(wanted.items()):
                files.append(self._final(day, name))
                tell((number + 1) / len(wanted))
            self._sweep({file.path for file in files})
        return files

    def _closed(self) -> dict[date, str]:
        """Name the file of each day whose exposures are all in the lake."""
        marks = self.contents.watermarks().values()
        until = min((mark for mark in marks if mark), default=0.0) - LATE
        found: defaultdict[date, list[Source]] = defaultdict(list)
        for source in self.contents.tables()["exposures"]:
            found[day_of(source.path)].append(source)
        over = {day: sources for day, sources in found.items() if _end(day) <= until}
        return {day: self._name(day, over[day]) for day in sorted(over)}

    def _name(self, day: date, sources: Sequence[Source]) -> str:
        parts = [f"{s.path.relative_to(self.contents.root)} {s.ranges}" for s in sources]
        made = "\n".join([VERSION, duckdb.__version__, *sorted(parts), *self._undone])
        return f"{day.isoformat()}-{hashlib.blake2b(made.encode(), digest_size=12).hexdigest()}"

    @cached_property
    def _undone(self) -> list[str]:
        """The imports of the slot that were taken back: the day's rows are others then."""
        return [repr(one) for one in undone_imports(self.backend) if one[-1] == self.slot]

    def _final(self, day: date, name: str) -> DayFile:
        """Make or find the day's file, with its rewards if they are final by now."""
        joined, final = self.root / f"{name}.parquet", self.root / f"{name}-final.parquet"
        if final.exists():
            return DayFile(day, final, final=True)
        table = f"day_{day:%Y%m%d}"
        known = joined.exists()
        rows = self._joined(day, table, joined if known else None)
        settled = self._settled(rows)
        if settled:
            rewards = shown.sum_settled(self.backend, self.slot, rows, day)
            self._write(shown.with_rewards(rows, rewards), final)
        elif not known:
            self._write(rows, joined)
        self._drop(table)
        return DayFile(day, final if settled else joined, settled)

    def _joined(self, day: date, table: str, path: Path | None) -> Table:
        if path is not None:
            return read(self.backend, [path])
        return shown.join_days(self.backend, self.slot, [day], table)

    def _settled(self, rows: Table) -> bool:
        last = rows.group_by("partition").aggregate(last=rows.settles.max())
        marks = self.contents.watermarks()
        found = answer(self.backend, last)
        return all(row["last"] < marks.get(row["partition"], 0.0) for row in found)

    def _write(self, rows: Table, path: Path) -> None:
        draft = disk.temporary(path)
        try:
            with translate_errors():
                self.backend.to_parquet(rows, draft, compression="zstd", row_group_size=ROW_GROUP)
            disk.publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)

    def _drop(self, table: str) -> None:
        for name in (table, f"{table}_all"):
            self.backend.raw_sql(f"DROP TABLE IF EXISTS {name}")

    def _sweep(self, used: set[Path]) -> None:
        """Remove old files that no report will use again; new ones may be another worker's."""
        before = clock.now() - STALE
        for path in self.root.iterdir():
            if path not in used and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def read(backend: Backend, files: Sequence[Path]) -> Table:
    """Read the rows of some files, which may lack each other's columns.

    Raises:
        BrokenLakeError: a file cannot be read.
    """
    with translate_errors():
        return backend.read_parquet([str(path) for path in files], union_by_name=True)


def day_of(path: Path) -> date:
    """Return the day of a file of the lake, from its path."""
    return date.fromisoformat(path.parent.name.removeprefix("date="))


def _end(day: date) -> float:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC).timestamp()
