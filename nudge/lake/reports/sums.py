"""Sums of a report over some of a slot's rows, as small tables that can be concatenated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final, cast

import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr.schema import Schema
from ibis.expr.types import FloatingValue, NumericColumn, Table, Value

from bandits.units import DAY
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.records import DecisionReason
from nudge.lake.engine.dialects import ANY, CompiledQuery, arrow, combine_bits
from nudge.lake.engine.propensities import propensity_class
from nudge.lake.engine.query import is_spark, keep_rows, name_rows
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.local_dates import FIRST, LAST
from nudge.lake.reports.shown import PROBABILITY

BINS: Final = 20.0
"""Bins of age in a factor of ten."""
LATELY: Final = 14.0 * DAY
"""Seconds before now from which delays are learned: twice the longest window."""
MOST_DELAYS: Final = 500_000
BITS: Final = 60
"""Number of groups of subjects in a time bucket, each a bit of a number."""
POLICY: Final = DecisionReason.POLICY.value
KEYS: Final = ("segment", "variant", "reason", "revision", "possible_id", "settled")
PLACE: Final = ("segment", "possible_id", "settled", "block", "stratum", "propensities")
NAMES: Final = ("segment", "variant", "reason", "possible_id")
"""Columns of keys with few different values."""
USED: Final = (
    *(*KEYS, "cluster", "stratum", "sign", "y", "w", "capped", "conversions", "value", "rewarded"),
    *("at_seconds", "age", "policy_version", "floor", "degraded"),
)
"""Columns that the sums are made of, beside those of probabilities."""
BLOCK: Final = 3600
"""Seconds of a block, from whose rewards those of the next blocks are predicted."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over some rows, one small table for each kind.

    Attributes:
        shown: by `KEYS`: counts and weights of all exposures.
        paid: by `KEYS`: sums of the rewards.
        crowds: by `KEYS` and group of subjects: what clustered variances take.
        masses: by `PLACE`: sums over the propensities of all variants that could be drawn.
        drawn: by `PLACE` and variant: all sums over the exposures that the policy drew.
        ages: counts of rows whose window is open, by segment, variant, reason and age.
        allocation: counts by bucket of time, variant and revision.
        delays: one row a conversion, with delay and age in seconds, and `at` of the exposure.
        degraded: counts by segment.
    """

    shown: pa.Table
    paid: pa.Table
    crowds: pa.Table
    masses: pa.Table
    drawn: pa.Table
    ages: pa.Table
    allocation: pa.Table
    delays: pa.Table
    degraded: pa.Table

    @property
    def tables(self) -> list[pa.Table]:
        """All tables, in the order of the fields."""
        return [getattr(self, one.name) for one in fields(self)]


@dataclass(frozen=True)
class SumsQuery:
    """A query that computes the sums of a cut.

    Attributes:
        backend: engine that holds the rows.
        cut: period, segments and reward.
        variants: variants that could have been drawn, in the order of the cube.
        since: seconds; delays are learned from exposures then or later.
    """

    backend: Backend
    cut: Cut
    variants: Sequence[str]
    since: float

    def sums(self, rows: Table, names: Sequence[str]) -> Sums:
        """Compute all sums of rows from `Cut.rows`; segments not in `names` are put together.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        table = self._used(rows, names)
        if is_spark(self.backend):
            return self._sums(table)
        with name_rows(self.backend, table) as named:
            return self._sums_of(named)

    def sums_of_few(self, rows: Table, names: Sequence[str]) -> Sums:
        """Compute the same of rows that fit into memory: reading them once is quicker then.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        with keep_rows(self.backend, self._used(rows, names)) as held:
            return self._sums(held) if is_spark(self.backend) else self._sums_of(held)

    def _used(self, rows: Table, names: Sequence[str]) -> Table:
        """Weigh the rows, and keep the columns that sums are made of."""
        table = self.cut.weigh_rows(rows, names)
        known = [PROBABILITY + name for name in self.variants]
        return table.select(*(name for name in (*USED, *known) if name in table.columns))

    def _sums_of(self, table: Table) -> Sums:
        """Compute the sums of a table that has a name, by queries that were compiled before."""
        wanted = _compiled(table.schema(), self.variants, self.since, self.cut.calendar)
        made = (one.run(self.backend, table.op().name) for one in wanted)
        return Sums(*map(encode_names, made))

    def _sums(self, table: Table) -> Sums:
        return Sums(*(encode_names(self.ask(one)) for one in self.expressions(table)))

    def expressions(self, table: Table) -> tuple[Table, ...]:
        """Return the tables of `Sums` as expressions over rows that `Cut.weigh_rows` made."""
        drawn = self._placed(table)
        return (
            *(_shown(table), _paid(table), _crowds(table), self._masses(drawn), _drawn(drawn)),
            *(_ages(table), self._allocation(table), self._delays(table), _degraded(table)),
        )

    def ask(self, expression: Table) -> pa.Table:
        """Run an expression on the engine and return its rows."""
        return arrow(self.backend, expression)

    def _placed(self, table: Table) -> Table:
        """Keep what the policy drew, with its block and the class of its probabilities."""
        drawn = table.filter(table.reason == POLICY)
        columns = [PROBABILITY + name for name in self.variants]
        return drawn.mutate(
            block=(drawn.at_seconds / BLOCK).floor().cast("int64"),
            propensities=propensity_class(drawn, columns),
        )

    def _masses(self, drawn: Table) -> Table:
        sums: dict[str, Value] = {"rows": _count(drawn)}
        # A part of the rows may be older than a variant.
        for name in (one for one in self.variants if PROBABILITY + one in drawn.columns):
            e = cast("FloatingValue", drawn[PROBABILITY + name].nullif(0.0))
            terms = {"i": 1.0 / e, "s": 1.0 / (e * e), "e": e, "v": e * (1.0 - e)}
            sums |= {f"{kind}:{name}": _sum(drawn, term) for kind, term in terms.items()}
        return drawn.group_by(*PLACE).aggregate(**sums)

    def _allocation(self, table: Table) -> Table:
        drawn = table.filter(table.reason == POLICY)
        grain = self.cut.calendar.grain(FIRST, LAST)
        drawn = drawn.mutate(
            start=(drawn.at_seconds / grain).floor().cast("int64") * grain,
            bit=(drawn.cluster % BITS).cast("int64"),
        )
        return drawn.group_by("start", "variant", "revision").aggregate(
            rows=_count(drawn),
            bits=combine_bits(self.backend, drawn.bit),
            first=drawn.at_seconds.min(),
            oldest=drawn.policy_version.min(),
            newest=drawn.policy_version.max(),
            lowest=drawn["floor"].min(),
            highest=drawn["floor"].max(),
        )

    def _delays(self, table: Table) -> Table:
        paid = table.filter(table.conversions > 0, table.at_seconds >= self.since)
        paid = paid.filter(paid.rewarded.notnull())
        sign = paid.sign if "sign" in paid.columns else ibis.literal(1, "int8")
        told = paid.select(
            delay=paid.rewarded - paid.at_seconds, age=paid.age, sign=sign, at=paid.at_seconds
        )
        return told.limit(MOST_DELAYS)


# A report of today asks the same of each dimension: finding the words takes longer than the answer.
@lru_cache(maxsize=32)
def _compiled(
    rows: Schema, variants: Sequence[str], since: float, calendar: OperatorCalendar
) -> list[CompiledQuery]:
    """Return the queries that make `Sums` of a table of these columns."""
    backend = ibis.duckdb.connect()  # nothing is asked of it
    query = SumsQuery(backend, Cut(calendar=calendar), variants, since)
    found = query.expressions(ibis.table(rows, name=ANY))
    queries = [CompiledQuery.of(one) for one in found]
    backend.disconnect()
    return queries


def _shown(table: Table) -> Table:
    w = table.w
    return table.group_by(*KEYS).aggregate(
        rows=_count(table), weight=_sum(table, w), weight_square=_sum(table, w * w)
    )


def _paid(table: Table) -> Table:
    table = table.filter((table.conversions != 0) | (table.value != 0))
    return table.group_by(*KEYS).aggregate(
        conversions=_sum(table, table.conversions),
        value=_sum(table, table.value),
        capped=_sum(table, table.capped.cast("int64")),
        **_of_rewards(table),
    )


def _crowds(table: Table) -> Table:
    y, w = table.y, table.w
    return table.group_by(*KEYS, "cluster").aggregate(
        rows=_count(table),
        weight=_sum(table, w),
        reward=_sum(table, y),
        weight_value=_sum(table, w * y),
    )


def _drawn(drawn: Table) -> Table:
    w = drawn.w
    return drawn.group_by(*PLACE, "variant").aggregate(
        rows=_count(drawn),
        weight=_sum(drawn, w),
        weight_square=_sum(drawn, w * w),
        **_of_rewards(drawn),
    )


def _of_rewards(table: Table) -> dict[str, Value]:
    y, w = table.y, table.w
    terms = {
        "hits": (y != 0).cast("int64"),
        "reward": y,
        "square": y * y,
        "cube": y.abs() * y * y,
        "weight_value": w * y,
        "square_value": w * w * y,
        "square_square": w * w * y * y,
    }
    return {name: _sum(table, term) for name, term in terms.items()}


def _ages(table: Table) -> Table:
    waiting = table.filter(~table.settled)
    place = (ibis.greatest(waiting.age, 1.0).log10() * BINS).floor().cast("int64")
    waiting = waiting.mutate(place=place)
    counted = waiting.group_by("segment", "variant", "reason", "place")
    return counted.aggregate(rows=_count(waiting))


def _degraded(table: Table) -> Table:
    table = table.filter(table.degraded)
    return table.group_by("segment").aggregate(rows=_count(table))


def _count(table: Table) -> Value:
    return table.sign.cast("int64").sum() if "sign" in table.columns else table.count()


def _sum(table: Table, value: Value) -> Value:
    """Sum up a column; rows that stand for a difference have a sign."""
    signed = value * table.sign if "sign" in table.columns else value
    return cast("NumericColumn", signed).sum()


def encode_names(table: pa.Table) -> pa.Table:
    """Store names as indices of a list: they are read back without looking at each row."""
    for place, name in enumerate(table.column_names):
        if name in NAMES:
            table = table.set_column(place, name, table.column(name).dictionary_encode())
    return table


def concat_sums(parts: Sequence[Sums]) -> Sums:
    """Concatenate the sums of parts of the rows, and add the number of the `part` to each row."""
    found = [
        pa.concat_tables(
            [
                table.append_column("part", pa.array([number] * len(table), pa.int64()))
                for number, table in enumerate(tables)
            ],
            promote_options="permissive",
        ).unify_dictionaries()
        for tables in zip(*(one.tables for one in parts), strict=True)
    ]
    return Sums(*found)
