"""Rows of a slot that its harm guard compares: policy against holdout, since a revision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Final, cast

import ibis
from ibis.expr.types import IntegerValue, Table

from nudge.domain.journal.records import DecisionReason
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.questions import EVER, Period
from nudge.lake.reports.cubes import build_cube
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.revenue_cap import with_cap
from nudge.lake.reports.shown import PROBABILITY
from nudge.lake.reports.slot_rows import SlotRows

COMPARED: Final = (DecisionReason.POLICY.value, DecisionReason.HOLDOUT.value)
"""Reasons whose visitors could have been in the other group, by a known chance."""
CHOICE: Final = 2


@dataclass(frozen=True)
class GuardCut(Cut):
    """A cut to the rows that a harm guard may compare.

    If only one variant was eligible, the policy's visitors are `only_eligible`, while the
    holdout's keep their reason. Both are left out, or the groups would be of different people.

    Attributes:
        since: first revision that counts.
    """

    since: int = 1

    def inside(self, table: Table) -> Table:
        """Keep the rows of the period that are compared."""
        table = super().inside(table)
        table = table.filter(table.reason.isin(COMPARED), table.revision >= self.since)
        eligible = [_known(table, name) for name in table.columns if name.startswith(PROBABILITY)]
        if not eligible:
            return table.filter(ibis.literal(False))
        return table.filter(reduce(add, eligible) >= CHOICE)


def harm_cube(
    rows: SlotRows,
    since: int,
    *,
    period: Period = EVER,
    revenue: bool,
) -> Cube:
    """Compute the cube of the rows that a harm guard compares.

    Args:
        rows: rows of the slot.
        since: first revision that counts.
        period: period of the exposures.
        revenue: the reward is yuan, not conversions.

    Raises:
        BrokenLakeError: the lake cannot be read.
        LakeAwayError: the disk refused.
    """
    cut = GuardCut(period, revenue=revenue, since=since)
    return build_cube(rows, with_cap(rows, cut))


def _known(table: Table, name: str) -> IntegerValue:
    return cast("IntegerValue", table[name].notnull().cast("int32"))
