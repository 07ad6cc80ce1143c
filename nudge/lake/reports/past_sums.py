"""Sums of the days that are over: cached, and grown by the days that are new."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from bandits.units import DAY
from nudge.lake.reports.cut import MOST
from nudge.lake.reports.kept_tables import KeptTables
from nudge.lake.reports.slot_rows import SlotRows
from nudge.lake.reports.sums import KEYS, MOST_DELAYS, Sums, SumsQuery, encode_names

VERSION: Final = "7"
"""Version of the files' format and of the sums; a new one makes all files anew."""
SUFFIX: Final = ".sums"
UNUSED: Final = 7.0 * DAY
MADE_OF: Final = b"nudge"
"""Entry in the schema of the first table: the days, the segments, and since when delays count."""
ADDED: Final[Mapping[str, Sequence[str]]] = {
    "shown": KEYS,
    "paid": KEYS,
    "crowds": (*KEYS, "cluster"),
    "degraded": ("segment",),
}
"""Tables whose rows are added up by these keys; days hardly share a row of the others."""


@dataclass(frozen=True)
class PastSums:
    """The sums of a slot's final rows.

    Attributes:
        rows: rows of the slot.
        query: that computes the sums.
    """

    rows: SlotRows
    query: SumsQuery

    def read_or_make(self, segments: Sequence[str]) -> Sums:
        """Read the sums from the cache, or compute and cache them.

        Where those of some of the days are there, only the rows of the other days are summed up.

        Args:
            segments: keys of the segments; all others are put together.

        Raises:
            BrokenLakeError: the lake cannot be read.
            LakeAwayError: the disk refused.
        """
        told = _MadeOf(self.rows.names, tuple(sorted(segments)), self.query.since)
        about = (VERSION, self.query.cut, self.query.variants)
        kept = KeptTables(self.rows.sums, SUFFIX, UNUSED)
        found = kept.find(about, told)
        if found is None:
            earlier = self._earlier(kept, about, told)
            sums = self._whole(segments) if earlier is None else self._grown(earlier, segments)
            found = told.written(sums.tables)
            kept.hold(about, told, found)
            if earlier is not None:
                earlier[0].unlink(missing_ok=True)  # who reads it at this moment has it mapped
        return Sums(*found)

    def _whole(self, segments: Sequence[str]) -> Sums:
        return self.query.sums(self.query.cut.rows(self.rows.of_days(self.rows.names)), segments)

    def _earlier(
        self, kept: KeptTables, about: Sequence[object], told: _MadeOf
    ) -> tuple[Path, _MadeOf] | None:
        """Find the cached sums of the most days that can be grown to those that are wanted."""
        found = [(path, _MadeOf.read(schema)) for path, schema in kept.schemas(about)]
        fit = [(path, one) for path, one in found if one is not None and one.grows_to(told)]
        return max(fit, key=lambda one: len(one[1].days), default=None)

    def _grown(self, earlier: tuple[Path, _MadeOf], segments: Sequence[str]) -> Sums:
        path, one = earlier
        before = KeptTables.read(path)
        if before is None:
            return self._whole(segments)
        new = [name for name in self.rows.names if name not in one.days]
        found = Sums(*before)
        if new:
            rows = self.query.cut.rows(self.rows.of_days(new))
            found = _added(found, self.query.sums(rows, segments))
        # What is lately moves on by itself, at each midnight.
        return replace(found, delays=_lately(found.delays, self.query.since))


@dataclass(frozen=True)
class _MadeOf:
    days: tuple[str, ...]
    segments: tuple[str, ...]
    since: float

    @classmethod
    def read(cls, schema: pa.Schema) -> _MadeOf | None:
        text = (schema.metadata or {}).get(MADE_OF)
        if text is None:
            return None
        days, segments, since = json.loads(text)
        return cls(tuple(days), tuple(segments), since)

    def written(self, tables: Sequence[pa.Table]) -> list[pa.Table]:
        text = json.dumps([self.days, self.segments, self.since])
        first, *others = tables
        return [first.replace_schema_metadata({MADE_OF: text.encode()}), *others]

    def grows_to(self, other: _MadeOf) -> bool:
        """Return whether rows of these days are in the same segments there, and no day is gone."""
        # Where segments were few, each row is in its own: none was put together with others.
        alone = len(self.segments) < MOST and set(self.segments) <= set(other.segments)
        same = self.segments == other.segments or alone
        return same and set(self.days) <= set(other.days) and self.since <= other.since


def _added(before: Sums, more: Sums) -> Sums:
    tables = {}
    for name in Sums.__dataclass_fields__:
        both = [getattr(before, name), getattr(more, name)]
        whole = pa.concat_tables(both, promote_options="permissive").unify_dictionaries()
        tables[name] = _summed(whole, ADDED[name]) if name in ADDED else whole
    return Sums(**{name: table.combine_chunks() for name, table in tables.items()})


def _summed(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    plain = pa.table(
        {
            name: column.cast(column.type.value_type)
            if pa.types.is_dictionary(column.type)
            else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    values = [name for name in table.column_names if name not in keys]
    found = plain.group_by(list(keys), use_threads=False).aggregate([(n, "sum") for n in values])
    columns = {
        name: found.column(name if name in keys else f"{name}_sum") for name in plain.schema.names
    }
    return encode_names(pa.table(columns).cast(plain.schema))


def _lately(delays: pa.Table, since: float) -> pa.Table:
    late = delays.filter(pc.greater_equal(delays.column("at"), since))
    return late.slice(max(0, len(late) - MOST_DELAYS))
