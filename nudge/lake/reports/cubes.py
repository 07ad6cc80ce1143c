"""Cubes of a report: sums that the engine aggregates; they are cached for the next question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import pyarrow as pa
from ibis.expr.types import Table

from bandits.units import DAY, HOUR
from nudge.domain.basics.money import FEN
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.questions import CLOCK, UNITS
from nudge.lake.reports.coded import code_rows
from nudge.lake.reports.cut import MOST, Cut
from nudge.lake.reports.kept_tables import KeptTables
from nudge.lake.reports.past_sums import UNUSED, VERSION, PastSums
from nudge.lake.reports.quarantined import count_left_out
from nudge.lake.reports.slot_rows import SlotRows
from nudge.lake.reports.sums import LATELY, Sums, SumsQuery, concat_sums

PAST: Final = (".sizes", UNUSED)
"""Suffix of what is known of the days that are over, and seconds that it is kept unused."""
STATE: Final = (".state", float(HOUR))
"""Suffix of what is known of the other rows in one state of the lake, and seconds it is kept."""


def build_cube(rows: SlotRows, cut: Cut, names: Sequence[str] = ()) -> Cube:
    """Compute the cube of a slot's rows.

    Args:
        rows: rows of the slot.
        cut: period, segments and reward.
        names: first variants of the cube, in this order; others that occur follow.

    Raises:
        BrokenLakeError: the lake cannot be read.
        LakeAwayError: the disk refused.
    """
    asked = _Asked.of(rows, cut, names)
    found = concat_sums(list(asked.parts()))
    cap = None if cut.cap is None else cut.cap / FEN
    coded = code_rows(found, asked.segments, asked.query.variants, len(cut.by))
    left_out = count_left_out(rows, cut)
    return replace(coded, cap=cap, quarantined=left_out.exposures, quarantines=left_out.by)


def keep_sums(rows: SlotRows, cut: Cut, names: Sequence[str] = ()) -> None:
    """Sum up the rows and cache the sums, before a report asks for them.

    Args:
        rows: rows of the slot.
        cut: as the report will have it.
        names: as `build_cube` will get them.

    Raises:
        BrokenLakeError: the lake cannot be read.
        LakeAwayError: the disk refused.
    """
    for _ in _Asked.of(rows, cut, names).parts():
        pass


@dataclass(frozen=True)
class _Asked:
    rows: SlotRows
    query: SumsQuery

    @classmethod
    def of(cls, rows: SlotRows, cut: Cut, names: Sequence[str]) -> _Asked:
        variants = tuple(dict.fromkeys([*names, *rows.variants]))
        # By the day: with the second in it, no sums would ever be found again.
        return cls(rows, SumsQuery(rows.backend, cut, variants, rows.until // DAY * DAY - LATELY))

    @cached_property
    def segments(self) -> list[str]:
        """The keys of the largest segments, the largest first, or the earliest."""
        if not self.query.cut.by:
            return [""]
        counts: dict[str, int] = {}
        for table in (*self._past_sizes(), *self._fresh_sizes()):
            keys, sizes = (table.column(name).to_pylist() for name in ("segment", "rows"))
            for key, size in zip(keys, sizes, strict=True):
                counts[key] = counts.get(key, 0) + int(size)
        found = sorted(counts, key=lambda key: (-counts[key], key.encode()))[:MOST]
        # Days and hours are read in the order of time.
        return sorted(found) if {*UNITS, *CLOCK} & set(self.query.cut.by) else found

    def parts(self) -> Iterator[Sums]:
        """Yield the sums of the days that are over, and of the other rows."""
        if self.rows.final is not None:
            yield PastSums(self.rows, self.query).read_or_make(self.segments)
        wanted = (self.query.variants, self.query.since, sorted(self.segments))
        found = self._kept(STATE, ("sums", *wanted), self.rows.state, self._fresh_sums)
        if found:
            yield Sums(*found)

    def _fresh_sums(self) -> list[pa.Table]:
        fresh = self.rows.fresh
        if fresh is None:
            return []
        return self.query.sums_of_few(self.query.cut.rows(fresh), self.segments).tables

    def _past_sizes(self) -> list[pa.Table]:
        return self._kept(PAST, ("sizes",), self.rows.names, lambda: self._sizes(self.rows.final))

    def _fresh_sizes(self) -> list[pa.Table]:
        return self._kept(STATE, ("sizes",), self.rows.state, lambda: self._sizes(self.rows.now))

    def _sizes(self, rows: Table | None) -> list[pa.Table]:
        return [] if rows is None else [self.query.ask(self.query.cut.sizes(rows))]

    def _kept(
        self,
        kind: tuple[str, float],
        about: Sequence[object],
        state: object,
        make: Callable[[], list[pa.Table]],
    ) -> list[pa.Table]:
        if not self.rows.state:
            return make()  # another engine: nothing is cached
        kept, wanted = KeptTables(self.rows.sums, *kind), (VERSION, self.query.cut, *about)
        found = kept.find(wanted, state)
        if found is None:
            found = make()
            kept.hold(wanted, state, found)
        return found
