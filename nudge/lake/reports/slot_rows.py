"""All exposures of a slot as one table: cached past days, and the rows that are still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from nudge.lake.engine import spark
from nudge.lake.engine.dialects import arrow
from nudge.lake.engine.query import is_spark, translate_errors
from nudge.lake.files.reader import Contents
from nudge.lake.reports import shown
from nudge.lake.reports.day_tables import DayFile, DayTables, Tell, read
from nudge.lake.reports.open_rows import OpenRows, add_ages
from nudge.lake.reports.shown import ATTRIBUTE, PROBABILITY

DAYS: Final = "days"
OPEN: Final = "open"
SUMS: Final = "sums"


@dataclass(frozen=True)
class SlotRows:
    """All exposures of a slot, in one table and divided by whether they can change.

    All tables have the columns of `shown`, `REWARD`, and `settled` (the reward is final) and `age`
    (seconds from exposure to watermark, null where settled).

    Attributes:
        backend: engine that holds the tables.
        table: all rows.
        final: rows of days whose windows have all closed, with the rewards up to then; None
            without such days.
        fresh: the other rows, and what came later for rows of `final`, as a difference: each such
            row with it, and without it with the `sign` -1. None without any.
        days: names of the files that `final` is read from.
        sums: directory of the cached sums of `final`.
        until: seconds, the latest of the partitions' watermarks.
    """

    slot: str
    backend: Backend
    table: Table
    final: Table | None
    fresh: Table | None
    days: tuple[str, ...]
    sums: Path
    until: float

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the context attributes that occur."""
        return self._strip_prefix(ATTRIBUTE)

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants that could have been drawn."""
        return self._strip_prefix(PROBABILITY)

    def _strip_prefix(self, prefix: str) -> tuple[str, ...]:
        found = (name for name in self.table.columns if name.startswith(prefix))
        return tuple(sorted(name.removeprefix(prefix) for name in found))


def slot_rows(
    backend: Backend, contents: Contents, slot: str, cache: Path, tell: Tell = lambda _: None
) -> SlotRows:
    """Read a slot's rows from the lake's present contents; past days are cached in `cache`.

    Args:
        backend: engine over `contents`.
        contents: snapshot of the lake.
        slot: name of the slot.
        cache: directory of the cached days.
        tell: called with the progress of the caching, from 0 to 1.

    Raises:
        BrokenLakeError: the lake cannot be read.
        LakeAwayError: the disk refused.
    """
    if is_spark(backend):
        return _at_once(backend, contents, slot, cache)
    files = DayTables(cache / DAYS / slot, backend, contents, slot).prepare(tell)
    past = [file for file in files if file.final]
    settled, late, final = _past(backend, slot, past) if past else (None, None, None)
    rows = OpenRows(cache / OPEN / slot, backend, contents, slot, files).table()
    now = None if rows is None else as_view(backend, "open_rows", rows)
    fresh = [rows.mutate(sign=ibis.literal(1, "int8")) for rows in (now,) if rows is not None]
    fresh += [] if late is None else [late]
    new = as_view(backend, "fresh_rows", shown.align_columns(fresh)) if fresh else None
    parts = [part for part in (final, now) if part is not None]
    table = as_view(backend, "slot_rows", shown.align_columns(parts))
    days = tuple(file.path.name for file in past)
    until = max(contents.watermarks().values(), default=0.0)
    return SlotRows(slot, backend, table, settled, new, days, cache / SUMS / slot, until)


def _past(
    backend: Backend, slot: str, files: Sequence[DayFile]
) -> tuple[Table, Table | None, Table]:
    """Return the rows of final days, the difference that late rewards make, and both together."""
    rows = as_view(backend, "settled_rows", _final(read(backend, [file.path for file in files])))
    late = shown.sum_late(backend, slot, rows, min(file.day for file in files))
    with translate_errors():
        for name in ("late_rewards", "changed_rows"):
            backend.raw_sql(f"DROP TABLE IF EXISTS {name}")
        table = backend.create_table("late_rewards", late, temp=True)
        changed = backend.create_table("changed_rows", rows.semi_join(table, "id"), temp=True)
    if not len(arrow(backend, changed.select("id").limit(1))):
        return rows, None, rows
    before = changed.mutate(sign=ibis.literal(-1, "int8"))
    after = shown.with_late(changed, table).mutate(sign=ibis.literal(1, "int8"))
    both = shown.with_late(rows, table)
    return rows, before.union(after), as_view(backend, "final_rows", both)


def _at_once(backend: Backend, contents: Contents, slot: str, cache: Path) -> SlotRows:
    """Join the rows on Spark, for this report alone and without cache files."""
    rows = shown.join_at_once(backend, slot, lambda one: spark.cache_table(backend, one))
    rows = shown.with_rewards(rows, shown.sum_rewards(backend, slot))
    marks = contents.watermarks()
    table = spark.cache_table(backend, add_ages(rows, marks))
    until = max(marks.values(), default=0.0)
    return SlotRows(slot, backend, table, None, table, (), cache / SUMS / slot, until)


def as_view(backend: Backend, name: str, rows: Table) -> Table:
    """Register rows as a view: translating a long expression costs more than a small answer."""
    with translate_errors():
        return cast("Table", backend.create_view(name, rows, overwrite=True))


def _final(rows: Table) -> Table:
    return rows.mutate(settled=ibis.literal(True), age=ibis.null("float64"))
