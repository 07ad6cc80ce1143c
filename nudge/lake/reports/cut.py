"""Cuts of a slot's rows for a report: period, filter, segments, reward of an exposure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import ibis
from ibis.expr.types import BooleanValue, Column, StringColumn, Table

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.money import FEN
from nudge.domain.reports.cube import OTHER
from nudge.domain.reports.filters import Where, values_of
from nudge.domain.reports.questions import CLOCK, CONTEXT, EVER, UNITS, Period
from nudge.lake.reports.local_dates import calendar_values
from nudge.lake.reports.shown import ATTRIBUTE, SEPARATOR
from nudge.lake.reports.value_filter import fits

MOST: Final = 30
"""Most segments of their own; the smaller ones are put together."""


@dataclass(frozen=True)
class Cut:
    """A selection of a slot's rows by period and value, and their division in segments.

    Attributes:
        period: period of the exposures.
        by: dimensions of `domain.questions`.
        revenue: the reward is the value in yuan, not the conversion.
        where: dimensions with the values that the rows may have.
        calendar: of days, weeks and months.
        cap: fen; the most that counts as the reward of an exposure, None without a cap.
    """

    period: Period = EVER
    by: tuple[str, ...] = ()
    revenue: bool = False
    where: Where = ()
    calendar: OperatorCalendar = field(default_factory=OperatorCalendar)
    cap: int | None = None

    def inside(self, table: Table) -> Table:
        """Keep the rows of the period that have the values of `where`."""
        for name, wanted in values_of(self.where).items():
            found = self._key([self._column(table, name).cast("string")])
            table = table.filter(fits(found, wanted))
        return table if self.period == EVER else table.filter(_inside(table, self.period))

    def rows(self, table: Table) -> Table:
        """Keep the rows of the period, and add the key of their `segment`."""
        table = self.inside(table)
        return table.mutate(
            segment=self._key(self._column(table, name).cast("string") for name in self.by)
        )

    def sizes(self, table: Table) -> Table:
        """Count the rows of each `segment`."""
        table = self.inside(table)
        # By the plain columns first: a key for each of ten million rows costs more than the rest.
        plain = {f"_{i}": self._column(table, name) for i, name in enumerate(self.by)}
        few = table.group_by(**plain).aggregate(rows=table.count())
        keyed = few.mutate(segment=self._key(few[name].cast("string") for name in plain))
        return keyed.group_by("segment").aggregate(rows=keyed.rows.sum())

    def weigh_rows(self, table: Table, names: Sequence[str]) -> Table:
        """Add reward `y`, whether it was `capped`, and weight `w` (1 / propensity).

        Segments not in `names` are put together.
        """
        # The one place where a reward is made.
        capped, y = ibis.literal(False), table.conversions.cast("float64")
        if self.revenue:
            over = ibis.literal(False) if self.cap is None else table.value > self.cap
            capped = over.fill_null(False)
            y = ibis.ifelse(capped, self.cap, table.value) / FEN
        table = table.mutate(y=y.cast("float64"), capped=capped, w=1.0 / table.propensity)
        if len(names) < MOST:
            return table
        key = table.segment
        return table.mutate(segment=ibis.ifelse(key.isin(names), key, OTHER))

    def _column(self, table: Table, name: str) -> Column:
        if name.startswith(CONTEXT):
            column = ATTRIBUTE + name.removeprefix(CONTEXT)
            return cast("Column", table[column] if column in table.columns else ibis.null("string"))
        if name in UNITS or name in CLOCK:
            start, end = self.period.start, self.period.end
            return calendar_values(table["at"], name, self.calendar, start, end)
        return cast("Column", table[name])

    def _key(self, dimensions: Iterable[StringColumn]) -> StringColumn:
        parts = [one.fill_null("") for one in dimensions]
        key = parts[0] if parts else ibis.literal("")
        for part in parts[1:]:
            key = key + SEPARATOR + part
        return cast("StringColumn", key)


def _inside(table: Table, period: Period) -> BooleanValue:
    at = table.at_seconds
    after = ibis.literal(True) if period.start is None else at >= period.start
    return after if period.end is None else after & (at < period.end)
