"""Cells of a slot's decisions: rows that a target and a reward model cannot tell apart are one.

A log of millions of decisions has thousands of cells. The engine passes over it twice and knows
nothing of targets and models: it gives the cells with their sums, from which the model is fitted;
then, with the model's prediction for each cell, the weighted sums by group of subjects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

import ibis
import pyarrow as pa
from ibis.expr.types import BooleanValue, Column, FloatingColumn, IntegerValue, Table

from bandits.evaluation import CV_SPLITS, Prediction, TargetRows, WeightedSums
from nudge.domain.basics.money import FEN
from nudge.domain.journal.records import DecisionReason
from nudge.domain.reports.questions import Period
from nudge.domain.reports.target_policy import BESIDE
from nudge.lake.engine.dialects import arrow, hash_values, register_rows
from nudge.lake.evaluation.cell_sums import read_sums, sum_by_group
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.shown import ATTRIBUTE, PROBABILITY
from nudge.lake.reports.slot_rows import SlotRows

KEYS: Final = ("cell_id", "eligible", "possible", "variant", "split")
MOST_VARIANTS: Final = 60
"""Variants that fit into the bits of `eligible`."""
MOST: Final = 100_000
"""Most combinations of attributes; where there are more, rows are read one by one."""
NAMED: Final = "a:"
"""Prefix of the columns of attributes."""
PREDICTED: Final = "predicted_cells"


@dataclass(frozen=True)
class CellRows:
    """The decisions of a slot that may be evaluated, in the engine.

    Attributes:
        rows: of the slot.
        period: of the exposures.
        revenue: the reward is yuan, not conversions.
    """

    rows: SlotRows
    period: Period
    revenue: bool

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of all that a policy may look at."""
        return tuple(dict.fromkeys([*self.rows.attributes, *BESIDE]))

    def too_many(self) -> bool:
        """Return whether there are too many cells, or variants, for this way."""
        if len(self.rows.variants) > MOST_VARIANTS:
            return True
        found = self._table().aggregate(cells=lambda t: t.cell_id.approx_nunique())
        return bool(self._ask(found).column("cells")[0].as_py() > MOST)

    def objective(self) -> str:
        """Return the objective of the slot's newest decision; empty without one."""
        decisions = self.rows.backend.table("decisions")
        decisions = decisions.filter(decisions.slot == self.rows.slot)
        newest = decisions.aggregate(told=decisions.objective.argmax(decisions.at_seconds))
        return str(self._ask(newest).column("told")[0].as_py() or "")

    def cells(self) -> pa.Table:
        """Return the cells (C,): `KEYS`, sums, and the attributes.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        table = self._table()
        known = {NAMED + name: table[NAMED + name].arbitrary() for name in self.attributes}
        sums = {
            "rows": table.count(),
            "reward": table.y.sum(),
            "conversions": table.conversions.sum(),
            "value": table.value.sum(),
            "square": (table.value.cast("float64") * table.value).sum(),
        }
        return self._ask(table.group_by(*KEYS).aggregate(**sums, **known))

    def weighted_sums(
        self, cells: pa.Table, kept: TargetRows, prediction: Prediction
    ) -> WeightedSums:
        """Return the sums over the decisions of the kept cells.

        Args:
            cells: (C,) of `cells`.
            kept: those of them that the target is defined on.
            prediction: of the kept ones.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        if not len(kept.log):
            return WeightedSums.empty()
        keys = cells.select(list(KEYS)).filter(pa.array(kept.kept))
        columns = {"target": kept.target.logged, "predicted": prediction.logged}
        columns |= {"expected": prediction.expected, "implied": prediction.implied}
        known = pa.table(dict(zip(KEYS, keys.columns, strict=True)) | columns)
        right = register_rows(self.rows.backend, PREDICTED, known)
        left = self._table()
        both = left.inner_join(right, [left[name] == right[name] for name in KEYS])
        return read_sums(self._ask(sum_by_group(both)))

    def left_out(self) -> dict[str, int]:
        """Count the decisions that cannot be used, by reason."""
        decisions = self.rows.backend.table("decisions")
        decisions = Cut(self.period).inside(decisions.filter(decisions.slot == self.rows.slot))
        policy = decisions.reason == DecisionReason.POLICY.value
        drawn = decisions.aggregate(other=(~policy).sum(), policy=policy.sum())
        shown = self._shown()
        counted = shown.aggregate(rows=shown.count(), open=(~shown.settled).sum())
        (decided,), (seen,) = self._ask(drawn).to_pylist(), self._ask(counted).to_pylist()
        taken, still_open = self._quarantined()
        found = {
            "reason_not_policy": decided["other"],
            "not_exposed": max(0, (decided["policy"] or 0) - seen["rows"] - taken - still_open),
            "not_matured": (seen["open"] or 0) + still_open,
            "quarantined": taken,
        }
        return {why: int(count) for why, count in found.items() if count}

    def _quarantined(self) -> tuple[int, int]:
        """Return the exposures that quarantines leave out: settled ones, and others."""
        if self.rows.left_out is None:
            return 0, 0
        table = self._drawn(self.rows.left_out)
        settled = table.settled.cast("int64").sum()
        (found,) = self._ask(table.aggregate(rows=table.count(), settled=settled)).to_pylist()
        taken = int(found["settled"] or 0)
        return taken, int(found["rows"]) - taken

    def _shown(self) -> Table:
        return self._drawn(self.rows.table)

    def _drawn(self, table: Table) -> Table:
        """Return the exposures of decisions that the policy drew."""
        table = Cut(self.period).inside(table)
        return table.filter(table.reason == DecisionReason.POLICY.value, table.policy.notnull())

    def _table(self) -> Table:
        table = self._shown()
        table = table.filter(table.settled)
        known = {name: _attribute(table, name) for name in self.attributes}
        value, hits = table.value.fill_null(0), table.conversions.fill_null(0)
        cell_id = hash_values(self.rows.backend, cast("Column", ibis.struct(known)))
        return table.select(
            "variant",
            "cluster",
            "propensity",
            cell_id=cell_id,
            eligible=self._mask(table, lambda e: e.notnull()),
            possible=self._mask(table, lambda e: e > 0),
            split=(table.person & 0xFFFF_0000) // 0x1_0000 % CV_SPLITS,
            y=(value / FEN if self.revenue else hits).cast("float64"),
            conversions=hits,
            value=value,
            logged=_logged(table, self.rows.variants),
            **{NAMED + name: column for name, column in known.items()},
        )

    def _mask(self, table: Table, holds: Callable[[FloatingColumn], BooleanValue]) -> IntegerValue:
        """Return a bit for each variant of whose probability something holds."""
        found: IntegerValue = ibis.literal(0, "int64")
        for place, name in enumerate(self.rows.variants):
            bit = holds(cast("FloatingColumn", table[PROBABILITY + name])).fill_null(False)
            found = found + bit.cast("int64") * (1 << place)
        return found

    def _ask(self, expression: Table) -> pa.Table:
        return arrow(self.rows.backend, expression)


def _attribute(table: Table, name: str) -> Column:
    own = ATTRIBUTE + name
    if name not in BESIDE:
        return table[own]
    return table[own].coalesce(table[name]) if own in table.columns else table[name]


def _logged(table: Table, variants: tuple[str, ...]) -> FloatingColumn:
    """Return the logged distribution's probability of the variant drawn."""
    nothing = ibis.null("float64")
    branches = [(table.variant == name, table[PROBABILITY + name]) for name in variants]
    return cast("FloatingColumn", ibis.cases(*branches, else_=nothing) if branches else nothing)
