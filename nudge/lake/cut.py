"""How a slot's rows are cut for a report: period, segments, and what an exposure brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import ibis
from ibis.expr.types import BooleanValue, StringColumn, Table

from nudge.domain.cube import OTHER
from nudge.domain.questions import CONTEXT, EVER, Period
from nudge.lake.query import FEN
from nudge.lake.shown import ATTRIBUTE, SEPARATOR

MOST: Final = 30
"""Segments that are told apart; the rest is one."""


@dataclass(frozen=True)
class Cut:
    """How a slot's rows are cut.

    Attributes:
        period: of the exposures.
        by: dimensions of `domain.questions`.
        revenue: the reward is the value in yuan, not the conversion.
        quarantined: outages; what was exposed in them is counted, and is in no other sum.
    """

    period: Period = EVER
    by: tuple[str, ...] = ()
    revenue: bool = False
    quarantined: tuple[Period, ...] = ()

    def inside(self, table: Table) -> Table:
        """The rows of the period."""
        return table if self.period == EVER else table.filter(_inside(table, self.period))

    def outages(self, table: Table) -> Table:
        """The rows of the period that were exposed in an outage."""
        table = self.inside(table)
        return table.filter(ibis.or_(*(_inside(table, one) for one in self.quarantined)))

    def rows(self, table: Table) -> Table:
        """What is counted: the rows with their segment's key."""
        table = self.inside(table)
        for outage in self.quarantined:
            table = table.filter(~_inside(table, outage))
        return table.mutate(segment=self._key(table))

    def weighed(self, table: Table, names: Sequence[str]) -> Table:
        """The same, with all segments but `names` as one, their reward `y` and their weight."""
        y = table.value / FEN if self.revenue else table.conversions.cast("float64")
        table = table.mutate(y=y.cast("float64"), w=1.0 / table.propensity)
        if len(names) < MOST:
            return table
        key = table.segment
        return table.mutate(segment=ibis.ifelse(key.isin(names), key, OTHER))

    def _key(self, table: Table) -> StringColumn:
        parts = [_dimension(table, name).fill_null("") for name in self.by]
        key = parts[0] if parts else ibis.literal("")
        for part in parts[1:]:
            key = key + SEPARATOR + part
        return cast("StringColumn", key)


def _inside(table: Table, period: Period) -> BooleanValue:
    at = table.at_seconds
    after = ibis.literal(True) if period.start is None else at >= period.start
    return after if period.end is None else after & (at < period.end)


def _dimension(table: Table, name: str) -> StringColumn:
    if name.startswith(CONTEXT):
        column = ATTRIBUTE + name.removeprefix(CONTEXT)
        known = column in table.columns
        return cast("StringColumn", table[column] if known else ibis.null("string"))
    if name == "day":
        return cast("StringColumn", table["at"].date().cast("string"))
    return cast("StringColumn", table[name].cast("string"))
