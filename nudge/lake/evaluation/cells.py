"""A slot's rows by what a target and a reward model can see of them; for evaluation.

Two passes of the engine, which know nothing of targets and models: the cells with their sums, and
then, with what was foretold of each cell, the sums by group of subjects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import BooleanValue, Column, FloatingColumn, IntegerValue, Table

from bandits.arrays import FloatArray
from bandits.evaluation.cells import Foretold, GroupSums
from bandits.inference.clusters import GROUPS
from nudge.domain.reports.questions import Period
from nudge.lake.engine.dialects import arrow, given, hashed
from nudge.lake.engine.query import FEN
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.shown import ATTRIBUTE, PROBABILITY
from nudge.lake.reports.slot_rows import SlotRows

FOLDS: Final = 5
BESIDE: Final = ("channel", "page")
"""Of a decision, known to every policy."""
KEYS: Final = ("cell_id", "eligible", "possible", "variant", "fold")
MOST_VARIANTS: Final = 60
"""Variants that fit into the bits of `eligible`."""
MOST: Final = 100_000
"""Combinations of attributes; where there are more, rows are read one by one."""
NAMED: Final = "a:"
"""What columns of attributes begin with."""
CLOSE: Final = 1e-6
TOLD: Final = "told"
_TOLD: Final = ("kept", "aim", "predicted", "expected", "implied")


@dataclass(frozen=True)
class CellRows:
    """The rows of a slot that may be evaluated.

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
        """What a policy may look at."""
        return tuple(dict.fromkeys([*self.rows.attributes, *BESIDE]))

    def many(self) -> bool:
        """Whether there are too many cells, or variants, for this way."""
        if len(self.rows.variants) > MOST_VARIANTS:
            return True
        found = self._table().aggregate(cells=lambda t: t.cell_id.approx_nunique())
        return bool(self._ask(found).column("cells")[0].as_py() > MOST)

    def objective(self) -> str:
        """The objective of the slot's newest decision; empty without one."""
        decisions = self.rows.backend.table("decisions")
        decisions = decisions.filter(decisions.slot == self.rows.slot)
        newest = decisions.aggregate(told=decisions.objective.argmax(decisions.at_seconds))
        return str(self._ask(newest).column("told")[0].as_py() or "")

    def cells(self) -> pa.Table:
        """`KEYS`, sums, and the attributes: one row a cell.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        table = self._table()
        told = {NAMED + name: table[NAMED + name].arbitrary() for name in self.attributes}
        sums = {
            "rows": table.count(),
            "reward": table.y.sum(),
            "conversions": table.conversions.sum(),
            "value": table.value.sum(),
            "square": (table.value.cast("float64") * table.value).sum(),
        }
        return self._ask(table.group_by(*KEYS).aggregate(**sums, **told))

    def by_group(self, cells: pa.Table, told: Foretold) -> GroupSums:
        """The sums by group of subjects, of cells that `cells` gave.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        wanted = {name: pa.array(getattr(told, name)) for name in _TOLD}
        known = pa.table({name: cells.column(name) for name in KEYS} | wanted)
        right = given(self.rows.backend, TOLD, known)
        left = self._table()
        both = left.inner_join(right, [left[name] == right[name] for name in KEYS])
        return _group_sums(self._ask(_by_group(both.filter(both.kept > 0))))

    def left_out(self) -> dict[str, int]:
        """Why decisions cannot be used -> how many."""
        decisions = self.rows.backend.table("decisions")
        decisions = Cut(self.period).inside(decisions.filter(decisions.slot == self.rows.slot))
        policy = decisions.reason == "policy"
        told = decisions.aggregate(other=(~policy).sum(), policy=policy.sum())
        shown = self._shown()
        counted = shown.aggregate(rows=shown.count(), open=(~shown.settled).sum())
        (drawn,), (seen,) = self._ask(told).to_pylist(), self._ask(counted).to_pylist()
        unseen = max(0, (drawn["policy"] or 0) - seen["rows"])
        found = {
            "reason_not_policy": drawn["other"],
            "not_exposed": unseen,
            "not_matured": seen["open"],
        }
        return {why: int(count) for why, count in found.items() if count}

    def _shown(self) -> Table:
        """What the policy drew and somebody saw."""
        table = Cut(self.period).inside(self.rows.table)
        return table.filter(table.reason == "policy", table.policy.notnull())

    def _table(self) -> Table:
        table = self._shown()
        table = table.filter(table.settled)
        known = {name: _attribute(table, name) for name in self.attributes}
        value, hits = table.value.fill_null(0), table.conversions.fill_null(0)
        cell_id = hashed(self.rows.backend, cast("Column", ibis.struct(known)))
        return table.select(
            "variant",
            "cluster",
            "propensity",
            cell_id=cell_id,
            eligible=self._mask(table, lambda e: e.notnull()),
            possible=self._mask(table, lambda e: e > 0),
            fold=(table.person & 0xFFFF_0000) // 0x1_0000 % FOLDS,
            y=(value / FEN if self.revenue else hits).cast("float64"),
            conversions=hits,
            value=value,
            logged=_logged(table, self.rows.variants),
            **{NAMED + name: column for name, column in known.items()},
        )

    def _mask(self, table: Table, holds: Callable[[FloatingColumn], BooleanValue]) -> IntegerValue:
        """A bit for each variant of whose probability something holds."""
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
    """What the logged distribution says of the variant drawn."""
    nothing = ibis.null("float64")
    branches = [(table.variant == name, table[PROBABILITY + name]) for name in variants]
    return cast("FloatingColumn", ibis.cases(*branches, else_=nothing) if branches else nothing)


def _by_group(rows: Table) -> Table:
    p = rows.propensity
    good = (p > 0) & (p <= 1 + CLOSE) & ((rows.logged - p).abs() <= CLOSE)
    rows = rows.mutate(good=good.fill_null(False))
    rows = rows.mutate(w=ibis.ifelse(rows.good, rows.aim / rows.propensity, 0.0))
    w, y, rest = rows.w, rows.y, rows.y - rows.predicted
    return rows.group_by("cluster").aggregate(
        rows=rows.count(),
        weight=w.sum(),
        reward=(w * y).sum(),
        expected=rows.expected.sum(),
        surprise=(w * rest).sum(),
        pull=(rows.implied * rest).sum(),
        weight_square=(w * w).sum(),
        max_weight=w.max(),
        total=y.sum(),
        flawed=(~rows.good).sum(),
        others=((y != 0.0) & (y != 1.0)).sum(),
        negative=(y < 0.0).sum(),
    )


def _group_sums(found: pa.Table) -> GroupSums:
    plain: Mapping[str, FloatArray] = {
        name: np.asarray(found.column(name).to_numpy(), dtype=np.float64)
        for name in found.column_names
    }
    place = plain["cluster"].astype(np.int64)

    def spread(name: str) -> FloatArray:
        return np.bincount(place, plain[name], GROUPS).astype(np.float64)

    return GroupSums(
        rows=spread("rows"),
        weight=spread("weight"),
        reward=spread("reward"),
        expected=spread("expected"),
        surprise=spread("surprise"),
        pull=spread("pull"),
        weight_square=float(plain["weight_square"].sum()),
        max_weight=float(plain["max_weight"].max(initial=0.0)),
        total=float(plain["total"].sum()),
        flawed=int(plain["flawed"].sum()),
        shares=not plain["others"].any(),
        positive=not plain["negative"].any(),
    )
