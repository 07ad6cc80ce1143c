"""All exposures of a slot as one table: cached past days, and the rows that are still open."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final, cast

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import BooleanValue, Table

from bandits.units import DAY
from nudge.domain.alarms.quarantine import Quarantine
from nudge.lake.engine import spark
from nudge.lake.engine.dialects import arrow
from nudge.lake.engine.outage_reader import read_quarantines
from nudge.lake.engine.outages import is_quarantined
from nudge.lake.engine.query import is_spark, translate_errors
from nudge.lake.files.reader import Contents
from nudge.lake.reports import shown
from nudge.lake.reports.day_tables import DayFile, DayTables, Tell, read
from nudge.lake.reports.open_rows import OpenRows, add_ages
from nudge.lake.reports.shown import ATTRIBUTE, PROBABILITY

DAYS: Final = "days"
OPEN: Final = "open"
SUMS: Final = "sums"
LATE: Final = "late_rewards"
CHANGED: Final = "changed_rows"


@dataclass(frozen=True)
class SlotRows:
    """All exposures of a slot that count, in one table and divided by whether they can change.

    All tables have the columns of `shown`, `REWARD`, and `settled` (the reward is final) and `age`
    (seconds from exposure to watermark, null where settled).

    Attributes:
        backend: engine that holds the tables.
        final: rows of days whose windows have all closed, with the rewards up to then; None
            without such days.
        now: the other rows; None without any.
        days: files that `final` is read from.
        sums: directory of cached sums.
        until: seconds, the latest of the partitions' watermarks.
        state: name of everything that the rows are made from; empty where nothing is cached.
        quarantines: what leaves exposures out, in the order of the ids.
        whole: `final` and `now` with the exposures that are left out.
    """

    slot: str
    backend: Backend
    final: Table | None
    now: Table | None
    days: tuple[DayFile, ...]
    sums: Path
    until: float
    state: str
    quarantines: tuple[Quarantine, ...] = ()
    whole: tuple[Table, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the days of `final`: of their files, and of what a quarantine takes of them."""
        return tuple(map(self._name, self.days))

    def of_days(self, names: Collection[str]) -> Table:
        """Return the rows of `final` of some of its days, by their names."""
        paths = [file.path for file in self.days if self._name(file) in names]
        return self.teaching(_final(read(self.backend, paths)))

    def without(self, quarantines: Sequence[Quarantine]) -> SlotRows:
        """Return the rows that no quarantine takes; `left_out` has the others.

        Sums that are kept of a day carry what was taken of it in their name, so a quarantine
        concerns the days that it touches, and after a release the earlier sums fit again.

        Args:
            quarantines: those in force, in the order of their ids.
        """
        if not quarantines:
            return self
        whole = tuple(one for one in (self.final, self.now) if one is not None)
        state = self.state and f"{self.state}-{_digest(repr(quarantines))}"
        rows = replace(self, quarantines=tuple(quarantines), whole=whole, state=state)
        final = None if self.final is None else rows.teaching(self.final, "final_teaching")
        now = None if self.now is None else rows.teaching(self.now, "open_teaching")
        return replace(rows, final=final, now=now)

    @cached_property
    def left_out(self) -> Table | None:
        """The exposures that quarantines leave out; None without quarantines."""
        if not self.whole:
            return None
        parts = [one.filter(self._covers(one)) for one in self.whole]
        return shown.align_columns(parts)

    def teaching(self, rows: Table, view: str = "") -> Table:
        """Return the rows that no quarantine takes; on DuckDB as a view, where it has a name."""
        found = rows.filter(~self._covers(rows)) if self.quarantines else rows
        return as_view(self.backend, view, found) if view and not is_spark(self.backend) else found

    def _covers(self, rows: Table) -> BooleanValue:
        return is_quarantined(rows.at_seconds, rows.channel, self.quarantines)

    def _name(self, file: DayFile) -> str:
        start = datetime.combine(file.day, datetime.min.time(), UTC).timestamp()
        found = [q for q in self.quarantines if q.touches(start, start + DAY)]
        taken = [(q.start, q.end, q.scope.channel) for q in found]
        return f"{file.path.name}~{_digest(repr(taken))}" if taken else file.path.name

    @cached_property
    def table(self) -> Table:
        """All rows."""
        if self.final is None and self.now is not None:
            return self.now
        both = self.final
        if both is not None and self._late is not None:
            both = as_view(self.backend, "final_rows", shown.with_late(both, self._late))
        parts = [part for part in (both, self.now) if part is not None]
        return as_view(self.backend, "slot_rows", shown.align_columns(parts))

    @cached_property
    def fresh(self) -> Table | None:
        """The rows of `now`, and what came later for rows of `final`, as a difference.

        Each such row is there with it, and without it with the `sign` -1. None without any.
        """
        if self._late is None:
            return self.now
        parts = [] if self.now is None else [self.now.mutate(sign=ibis.literal(1, "int8"))]
        changed = self.backend.table(CHANGED)
        before = changed.mutate(sign=ibis.literal(-1, "int8"))
        after = shown.with_late(changed, self._late).mutate(sign=ibis.literal(1, "int8"))
        parts.append(before.union(after))
        return as_view(self.backend, "fresh_rows", shown.align_columns(parts))

    @cached_property
    def _late(self) -> Table | None:
        """The rewards that came later for rows of `final`, whose rows are in `CHANGED`."""
        if self.final is None or not self.days:
            return None
        since = min(file.day for file in self.days)
        late = shown.sum_late(self.backend, self.slot, self.final, since)
        with translate_errors():
            for name in (LATE, CHANGED):
                self.backend.raw_sql(f"DROP TABLE IF EXISTS {name}")
            table = cast("Table", self.backend.create_table(LATE, late, temp=True))
            rows = self.final.semi_join(table, "id")
            changed = self.backend.create_table(CHANGED, rows, temp=True)
        return table if len(arrow(self.backend, changed.select("id").limit(1))) else None

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the context attributes that occur."""
        return self._strip_prefix(ATTRIBUTE)

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants that could have been drawn."""
        return self._strip_prefix(PROBABILITY)

    def _strip_prefix(self, prefix: str) -> tuple[str, ...]:
        parts = [part for part in (self.final, self.now) if part is not None]
        found = {name for part in parts for name in part.columns if name.startswith(prefix)}
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
    quarantines = read_quarantines(backend)
    if is_spark(backend):
        return _at_once(backend, contents, slot, cache).without(quarantines)
    files = DayTables(cache / DAYS / slot, backend, contents, slot).prepare(tell)
    past = tuple(file for file in files if file.final)
    final = None
    if past:
        settled = _final(read(backend, [file.path for file in past]))
        final = as_view(backend, "settled_rows", settled)
    opened = OpenRows(cache / OPEN / slot, backend, contents, slot, files)
    rows = opened.table()
    now = None if rows is None else as_view(backend, "open_rows", rows)
    until = max(contents.watermarks().values(), default=0.0)
    whole = SlotRows(slot, backend, final, now, past, cache / SUMS / slot, until, opened.state)
    return whole.without(quarantines)


def _at_once(backend: Backend, contents: Contents, slot: str, cache: Path) -> SlotRows:
    """Join the rows on Spark, for this report alone and without cache files."""
    rows = shown.join_at_once(backend, slot, lambda one: spark.cache_table(backend, one))
    rows = shown.with_rewards(rows, shown.sum_rewards(backend, slot))
    marks = contents.watermarks()
    table = spark.cache_table(backend, add_ages(rows, marks))
    until = max(marks.values(), default=0.0)
    return SlotRows(slot, backend, None, table, (), cache / SUMS / slot, until, "")


def as_view(backend: Backend, name: str, rows: Table) -> Table:
    """Register rows as a view: translating a long expression costs more than a small answer."""
    with translate_errors():
        return cast("Table", backend.create_view(name, rows, overwrite=True))


def _final(rows: Table) -> Table:
    return rows.mutate(settled=ibis.literal(True), age=ibis.null("float64"))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
