"""Everything that was shown of a slot, as one table: kept days, and what is not kept yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import FloatingColumn, Table

from nudge.lake import shown
from nudge.lake.day_tables import DayFile, DayTables, Tell, read
from nudge.lake.query import translated
from nudge.lake.reader import Contents
from nudge.lake.shown import ATTRIBUTE, PROBABILITY

SEEN: Final = "seen"
"""The temporary table of the days that are not kept."""
DAYS: Final = "days"
SUMS: Final = "sums"


@dataclass(frozen=True)
class SlotRows:
    """The rows of a slot.

    All tables have the columns of `shown`, `REWARD`, and `settled` (the reward is final) and `age`
    (seconds from exposure to watermark, null where settled).

    Attributes:
        slot: its name.
        backend: that they live in.
        table: all of them.
        final: those of days that cannot change any more; None without.
        open: the others; None without.
        days: names of the files that `final` is read from.
        sums: directory for what is kept of `final`.
        until: seconds, the latest of the partitions' watermarks.
    """

    slot: str
    backend: Backend
    table: Table
    final: Table | None
    open: Table | None
    days: tuple[str, ...]
    sums: Path
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
    files = DayTables(cache / DAYS / slot, backend, contents, slot).prepare(tell)
    past = [file.path for file in files if file.final]
    final = named(backend, "final_rows", _final(read(backend, past))) if past else None
    now = _open(backend, contents, slot, files)
    parts = [part for part in (final, now) if part is not None]
    table = named(backend, "slot_rows", shown.aligned(parts))
    days, until = (
        tuple(path.name for path in past),
        max(contents.watermarks().values(), default=0.0),
    )
    return SlotRows(slot, backend, table, final, now, days, cache / SUMS / slot, until)


def named(backend: Backend, name: str, rows: Table) -> Table:
    """The same rows, as a view: translating a long expression costs more than a small answer."""
    with translated():
        return cast("Table", backend.create_view(name, rows, overwrite=True))


def _final(rows: Table) -> Table:
    return rows.mutate(settled=ibis.literal(True), age=ibis.null("float64"))


def _open(
    backend: Backend, contents: Contents, slot: str, files: Sequence[DayFile]
) -> Table | None:
    """Rows whose rewards may still come."""
    kept = {file.day for file in files}
    rest = [day for day in shown.days_of(backend, slot) if day not in kept]
    joined = [file for file in files if not file.final]
    parts = [read(backend, [file.path for file in joined])] if joined else []
    if rest or not files:
        parts.append(shown.joined_days(backend, slot, rest, SEEN))
    if not parts:
        return None
    since = min([*rest, *(file.day for file in joined)], default=None)
    rows = shown.with_rewards(shown.aligned(parts), shown.rewards_of(backend, slot, since))
    return named(backend, "open_rows", _aged(rows, contents.watermarks()))


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
