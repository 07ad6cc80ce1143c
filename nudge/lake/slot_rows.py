"""Everything that was shown of a slot, as one table: kept days, and what is not kept yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import FloatingColumn, Table

from nudge.lake import shown
from nudge.lake.day_tables import DayFile, DayTables, Tell, read
from nudge.lake.query import translated
from nudge.lake.reader import Contents
from nudge.lake.shown import ATTRIBUTE, PROBABILITY

SEEN = "seen"
"""The temporary table of the days that are not kept."""


@dataclass(frozen=True)
class SlotRows:
    """The rows of a slot.

    Attributes:
        backend: that they live in.
        table: columns of `shown`, `REWARD`, and `settled` (the reward is final) and `age`
            (seconds from exposure to watermark, null where settled).
        until: seconds, the latest of the partitions' watermarks.
    """

    backend: Backend
    table: Table
    until: float

    @property
    def attributes(self) -> tuple[str, ...]:
        """The context's attributes that occur."""
        return self._named(ATTRIBUTE)

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants that could have been drawn."""
        return self._named(PROBABILITY)

    def _named(self, prefix: str) -> tuple[str, ...]:
        found = (name for name in self.table.columns if name.startswith(prefix))
        return tuple(sorted(name.removeprefix(prefix) for name in found))


def slot_rows(
    backend: Backend, contents: Contents, slot: str, cache: Path, tell: Tell = lambda _: None
) -> SlotRows:
    """The rows of a slot as the lake has them now; days that are over are kept in `cache`.

    Args:
        backend: of `engine`.
        contents: the same.
        slot: of which.
        cache: directory of the kept days.
        tell: is told how far the keeping is.

    Raises:
        BrokenLakeError: the lake cannot be read.
        LakeAwayError: the disk refused.
    """
    files = DayTables(cache / slot, backend, contents, slot).prepare(tell)
    kept = {file.day for file in files}
    rest = [day for day in shown.days_of(backend, slot) if day not in kept]
    marks = contents.watermarks()
    final = [file.path for file in files if file.final]
    parts = [_final(read(backend, final))] if final else []
    parts += _open(backend, slot, files, rest, marks)
    table = named(backend, "slot_rows", shown.aligned(parts))
    return SlotRows(backend, table, max(marks.values(), default=0.0))


def keep(
    backend: Backend, contents: Contents, slot: str, cache: Path, tell: Tell = lambda _: None
) -> None:
    """Join the slot's days that are over, ahead of the next report.

    Raises:
        BrokenLakeError: the lake cannot be read.
        LakeAwayError: the disk refused.
    """
    DayTables(cache / slot, backend, contents, slot).prepare(tell)


def named(backend: Backend, name: str, rows: Table) -> Table:
    """The same rows, as a view: translating a long expression costs more than a small answer."""
    with translated():
        return cast("Table", backend.create_view(name, rows, overwrite=True))


def _final(rows: Table) -> Table:
    return rows.mutate(settled=ibis.literal(True), age=ibis.null("float64"))


def _open(
    backend: Backend,
    slot: str,
    files: Sequence[DayFile],
    rest: Sequence[date],
    marks: Mapping[int, float],
) -> list[Table]:
    """Rows whose rewards may still come."""
    joined = [file for file in files if not file.final]
    parts = [read(backend, [file.path for file in joined])] if joined else []
    if rest or not files:
        parts.append(shown.joined_days(backend, slot, rest, SEEN))
    if not parts:
        return []
    since = min([*rest, *(file.day for file in joined)], default=None)
    rows = shown.with_rewards(shown.aligned(parts), shown.rewards_of(backend, slot, since))
    return [_aged(rows, marks)]


def _aged(rows: Table, marks: Mapping[int, float]) -> Table:
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
