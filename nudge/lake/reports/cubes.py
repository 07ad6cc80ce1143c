"""Cubes of a report: sums that the engine aggregates; those of past days are cached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import ibis
from ibis.expr.types import Table

from bandits.units import DAY
from nudge.domain.basics.money import FEN
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.questions import CLOCK, UNITS
from nudge.lake.engine.dialects import arrow
from nudge.lake.reports.coded import code_rows
from nudge.lake.reports.cut import MOST, Cut
from nudge.lake.reports.day_sums import read_or_make_sums
from nudge.lake.reports.slot_rows import SlotRows
from nudge.lake.reports.sums import LATELY, Sums, SumsQuery, concat_sums


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
    variants = tuple(dict.fromkeys([*names, *rows.variants]))
    asking = _asking(rows, cut, variants)
    segments = _segments(asking, rows)
    found = concat_sums(list(_parts(asking, rows, segments)))
    cap = None if cut.cap is None else cut.cap / FEN
    cube = replace(code_rows(found, segments, variants, len(cut.by)), cap=cap)
    return replace(cube, quarantined=_quarantined(rows, cut)) if cut.quarantined else cube


def keep_sums(rows: SlotRows, cut: Cut, names: Sequence[str] = ()) -> None:
    """Sum up the past days and cache the sums, before a report asks for them.

    Args:
        rows: rows of the slot.
        cut: as the report will have it.
        names: as `build_cube` will get them.

    Raises:
        BrokenLakeError: the lake cannot be read.
        LakeAwayError: the disk refused.
    """
    asking = _asking(rows, cut, tuple(dict.fromkeys([*names, *rows.variants])))
    if rows.final is not None:
        _past(asking, rows, _segments(asking, rows), rows.final)


def _asking(rows: SlotRows, cut: Cut, variants: Sequence[str]) -> SumsQuery:
    # By the day: with the second in it, no sums would ever be found again.
    return SumsQuery(rows.backend, cut, variants, rows.until // DAY * DAY - LATELY)


def _parts(asking: SumsQuery, rows: SlotRows, segments: Sequence[str]) -> Iterator[Sums]:
    if rows.final is not None:
        yield _past(asking, rows, segments, rows.final)
    if rows.fresh is not None:
        yield asking.sums_of_few(asking.cut.rows(rows.fresh), segments)


def _past(asking: SumsQuery, rows: SlotRows, segments: Sequence[str], final: Table) -> Sums:
    about = (rows.days, asking.cut, asking.variants, asking.since, sorted(segments))
    return read_or_make_sums(
        rows.sums, about, lambda: asking.sums(asking.cut.rows(final), segments)
    )


def _segments(asking: SumsQuery, rows: SlotRows) -> list[str]:
    """List the keys of the largest segments, the largest first, or the earliest."""
    if not asking.cut.by:
        return [""]
    counted = asking.cut.sizes(rows.table)
    first = counted.order_by(ibis.desc("rows"), "segment").limit(MOST)
    found = [str(name) for name in asking.ask(first).column("segment").to_pylist()]
    # Days and hours are read in the order of time.
    return sorted(found) if {*UNITS, *CLOCK} & set(asking.cut.by) else found


def _quarantined(rows: SlotRows, cut: Cut) -> int:
    found = cut.outages(rows.table)
    return int(arrow(rows.backend, found.aggregate(rows=found.count()))["rows"][0].as_py())
