"""A report's sums, aggregated by the engine: one pass over all rows, and small ones beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import BooleanValue, FloatingValue, StringColumn, Table, Value

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.inference.clusters import GROUPS
from nudge.domain.cube import OTHER, Ages, Allocation, Cube, Delays, Groups, Masses
from nudge.domain.questions import CONTEXT, EVER, Period
from nudge.lake.query import FEN, translated
from nudge.lake.shown import ATTRIBUTE, PROBABILITY, SEPARATOR
from nudge.lake.slot_rows import SlotRows, named

MOST: Final = 30
"""Segments that are told apart; the rest is one."""
BINS: Final = 20.0
"""Ages of a decade."""
MOST_DELAYS: Final = 500_000
LATELY: Final = 14 * 86_400.0
"""Seconds, and most conversions, that the delays are learned from: twice the longest window."""
HOUR: Final = 3600
BITS: Final = 60
"""Groups of subjects that a bucket of time can count, as the bits of a number."""
POLICY: Final = "policy"
_KEYS: Final = ("segment", "variant", "reason", "revision", "possible_id", "settled", "cluster")
_PAID: Final = ("hits", "conversions", "value")
_POWERS: Final = ("reward", "square", "cube", "weight_value", "square_value", "square_square")


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


def cube_of(rows: SlotRows, cut: Cut, names: Sequence[str] = ()) -> Cube:
    """The sums of a slot's rows.

    Args:
        rows: of the slot.
        cut: what is asked.
        names: the slot's variants: the first of the cube's, in this order.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    table = _within(rows.table, cut.period)
    count = 0
    for outage in cut.quarantined:
        inside = _within(table, outage)
        count += int(rows.backend.to_pyarrow(inside.count()).as_py())
        table = table.filter(~_inside(table, outage))
    table = named(rows.backend, "cut_rows", _cut(table, cut))
    return _Counting(rows, table, cut, names, count).cube()


def _within(table: Table, period: Period) -> Table:
    return table if period == EVER else table.filter(_inside(table, period))


def _inside(table: Table, period: Period) -> BooleanValue:
    at = table.at_seconds
    after = ibis.literal(True) if period.start is None else at >= period.start
    return after if period.end is None else after & (at < period.end)


def _cut(table: Table, cut: Cut) -> Table:
    """The rows with their segment's key, their reward `y` and their weight."""
    parts = [_dimension(table, name).fill_null("") for name in cut.by]
    key = parts[0] if parts else ibis.literal("")
    for part in parts[1:]:
        key = key + SEPARATOR + part
    y = table.value / FEN if cut.revenue else table.conversions.cast("float64")
    return table.mutate(segment=key, y=y.cast("float64"), w=1.0 / table.propensity)


def _dimension(table: Table, name: str) -> StringColumn:
    if name.startswith(CONTEXT):
        column = ATTRIBUTE + name.removeprefix(CONTEXT)
        known = column in table.columns
        return cast("StringColumn", table[column] if known else ibis.null("string"))
    if name == "day":
        return cast("StringColumn", table["at"].date().cast("string"))
    return cast("StringColumn", table[name].cast("string"))


@dataclass(frozen=True)
class _Counting:
    rows: SlotRows
    table: Table
    cut: Cut
    names: Sequence[str]
    quarantined: int

    def cube(self) -> Cube:
        """Ask for everything."""
        names = self._segments()
        table = self._lumped(names) if self.cut.by else self.table
        found = self._shown(table)
        segments = _Codes([*names, *([OTHER] if len(names) == MOST else [])])
        seen = sorted({*self.rows.variants, *_values(found, "variant")})
        variants = _Codes(list(dict.fromkeys([*self.names, *seen])))
        reasons = _Codes(sorted(_values(found, "reason")))
        sets = _Codes(found.column("possible_id").unique().to_pylist())
        coded = _Coded(segments, variants, reasons, sets)
        groups = coded.groups(found, self._paid(table))
        masses = self._masses(table, coded)
        return Cube(
            [_told(name, len(self.cut.by)) for name in segments.names],
            variants.names,
            reasons.names,
            [_set(masses, number) for number in range(len(sets.names))],
            groups,
            masses,
            self._ages(table, coded),
            self._allocation(coded),
            self._delays(),
            self._degraded(table, coded),
            self.quarantined,
        )

    def _ask(self, expression: Table) -> pa.Table:
        with translated():
            return self.rows.backend.to_pyarrow(expression)

    def _segments(self) -> list[str]:
        """The keys of the largest segments, largest first."""
        if not self.cut.by:
            return [""]
        counted = self.table.group_by("segment").aggregate(rows=self.table.count())
        first = counted.order_by(ibis.desc("rows"), "segment").limit(MOST)
        return [str(name) for name in self._ask(first).column("segment").to_pylist()]

    def _lumped(self, names: Sequence[str]) -> Table:
        if len(names) < MOST:
            return self.table
        key = self.table.segment
        return self.table.mutate(segment=ibis.ifelse(key.isin(names), key, OTHER))

    def _shown(self, table: Table) -> pa.Table:
        """Sums that every exposure has a part in."""
        w = table.w
        sums = {"rows": table.count(), "weight": w.sum(), "weight_square": (w * w).sum()}
        return self._ask(table.group_by(*_KEYS).aggregate(**sums))

    def _paid(self, table: Table) -> pa.Table:
        """Sums that only rewards change."""
        table = table.filter((table.conversions != 0) | (table.value != 0))
        y, w = table.y, table.w
        sums: dict[str, Value] = {
            "hits": (y != 0).sum(),
            "conversions": table.conversions.sum(),
            "value": table.value.sum(),
            "reward": y.sum(),
            "square": (y * y).sum(),
            "cube": (y.abs() * y * y).sum(),
            "weight_value": (w * y).sum(),
            "square_value": (w * w * y).sum(),
            "square_square": (w * w * y * y).sum(),
        }
        return self._ask(table.group_by(*_KEYS).aggregate(**sums))

    def _masses(self, table: Table, coded: _Coded) -> Masses:
        drawn = table.filter(table.reason == POLICY)
        sums: dict[str, Value] = {"rows": drawn.count()}
        known = [name for name in coded.variants.names if PROBABILITY + name in drawn.columns]
        for name in known:
            e = cast("FloatingValue", drawn[PROBABILITY + name])
            terms = {"i": 1.0 / e, "s": 1.0 / (e * e), "e": e, "v": e * (1.0 - e)}
            sums |= {f"{kind}:{name}": term.sum() for kind, term in terms.items()}
        keys = ("segment", "possible_id", "settled")
        return coded.masses(self._ask(drawn.group_by(*keys).aggregate(**sums)))

    def _ages(self, table: Table, coded: _Coded) -> Ages:
        waiting = table.filter(~table.settled)
        place = (ibis.greatest(waiting.age, 1.0).log10() * BINS).floor().cast("int64")
        waiting = waiting.mutate(place=place)
        counted = waiting.group_by("segment", "variant", "reason", "place")
        found = self._ask(counted.aggregate(rows=waiting.count()))
        age = np.asarray(10.0 ** ((_ints(found, "place") + 0.5) / BINS), dtype=np.float64)
        s, v, r = coded.key(found)
        return Ages(s, v, r, age, _ints(found, "rows"))

    def _allocation(self, coded: _Coded) -> Allocation:
        drawn = self.table.filter(self.table.reason == POLICY)
        drawn = drawn.mutate(
            start=(drawn.at_seconds / HOUR).floor().cast("int64"),
            bit=ibis.literal(1, "int64") << (drawn.cluster % BITS).cast("int64"),
        )
        found = self._ask(
            drawn.group_by("start", "variant", "revision").aggregate(
                rows=drawn.count(),
                bits=drawn.bit.bit_or(),
                first=drawn.at_seconds.min(),
                oldest=drawn.policy_version.min(),
                newest=drawn.policy_version.max(),
            )
        ).sort_by([("start", "ascending"), ("revision", "ascending"), ("variant", "ascending")])
        return Allocation(
            _ints(found, "start") * HOUR,
            coded.variants.of(found, "variant"),
            _ints(found, "revision"),
            _ints(found, "rows"),
            _ints(found, "bits"),
            _reals(found, "first"),
            _ints(found, "oldest"),
            _ints(found, "newest"),
        )

    def _degraded(self, table: Table, coded: _Coded) -> IntArray:
        table = table.filter(table.degraded)
        found = self._ask(table.group_by("segment").aggregate(rows=table.count()))
        counts = np.zeros(len(coded.segments.names), dtype=np.int64)
        counts[coded.segments.of(found, "segment")] = _ints(found, "rows")
        return counts

    def _delays(self) -> Delays:
        paid = self.table.filter(self.table.rewarded.notnull(), self.table.conversions > 0)
        paid = paid.filter(paid.at_seconds >= self.rows.until - LATELY)
        found = self._ask(
            paid.select(delay=paid.rewarded - paid.at_seconds, age=paid.age).limit(MOST_DELAYS)
        )
        age = _reals(found, "age")
        return Delays(_reals(found, "delay"), np.where(np.isnan(age), np.inf, age))


@dataclass(frozen=True)
class _Codes:
    """Names and their indices."""

    names: Sequence[Any]

    def of(self, table: pa.Table, column: str) -> IntArray:
        """The indices (n,) of a column."""
        place = {name: i for i, name in enumerate(self.names)}
        coded = table.column(column).combine_chunks().dictionary_encode()
        own = np.array([place[name] for name in coded.dictionary.to_pylist()], dtype=np.int64)
        return own[coded.indices.to_numpy(zero_copy_only=False)] if len(own) else np.zeros(0, int)


@dataclass(frozen=True)
class _Coded:
    segments: _Codes
    variants: _Codes
    reasons: _Codes
    sets: _Codes

    def key(self, table: pa.Table) -> tuple[IntArray, IntArray, IntArray]:
        """Segments, variants and reasons (n,)."""
        return (
            self.segments.of(table, "segment"),
            self.variants.of(table, "variant"),
            self.reasons.of(table, "reason"),
        )

    def groups(self, shown: pa.Table, paid: pa.Table) -> Groups:
        """The sums of both aggregations: the second's groups are among the first's."""
        keys, place = self._place(shown), self._place(paid)
        order = np.argsort(keys)
        where = order[np.searchsorted(keys, place, sorter=order)]
        sums: dict[str, Any] = {name: np.zeros(len(shown), dtype=np.int64) for name in _PAID}
        sums |= {name: np.zeros(len(shown)) for name in _POWERS}
        for name, column in sums.items():
            column[where] = (_ints if name in _PAID else _reals)(paid, name)
        s, v, r = self.key(shown)
        return Groups(
            segment=s,
            variant=v,
            reason=r,
            revision=_ints(shown, "revision"),
            possible=self.sets.of(shown, "possible_id"),
            settled=_flags(shown, "settled"),
            cluster=_ints(shown, "cluster"),
            rows=_ints(shown, "rows"),
            weight=_reals(shown, "weight", 0.0),
            weight_square=_reals(shown, "weight_square", 0.0),
            **sums,
        )

    def _place(self, table: pa.Table) -> IntArray:
        """One number (n,) for each combination of keys."""
        s, v, r = self.key(table)
        revision = _ints(table, "revision")
        shape = (
            (s, len(self.segments.names)),
            (v, len(self.variants.names)),
            (r, len(self.reasons.names)),
            (self.sets.of(table, "possible_id"), len(self.sets.names)),
            (_flags(table, "settled").astype(np.int64), 2),
            (_ints(table, "cluster"), GROUPS),
        )
        found = revision
        for column, size in shape:
            found = found * size + column
        return found

    def masses(self, table: pa.Table) -> Masses:
        def matrix(kind: str) -> FloatArray:
            columns = [f"{kind}:{name}" for name in self.variants.names]
            nothing = np.zeros(len(table))
            known = set(table.column_names)
            found = [_reals(table, c, 0.0) if c in known else nothing for c in columns]
            return np.stack(found, axis=1) if found else np.zeros((len(table), 0))

        return Masses(
            self.segments.of(table, "segment"),
            self.sets.of(table, "possible_id"),
            _flags(table, "settled"),
            _ints(table, "rows"),
            *(matrix(kind) for kind in "isev"),
        )


def _set(masses: Masses, number: int) -> frozenset[int]:
    """The variants that could be drawn where a set was possible."""
    found = masses.inverse[masses.possible == number].sum(axis=0)
    return frozenset(np.flatnonzero(found > 0.0).tolist())


def _told(name: str, parts: int) -> tuple[str, ...]:
    return (name,) if name == OTHER or parts < 2 else tuple(name.split(SEPARATOR))  # noqa: PLR2004 (one part is itself)


def _values(table: pa.Table, column: str) -> set[str]:
    return {str(value) for value in table.column(column).unique().to_pylist()}


def _ints(table: pa.Table, column: str) -> IntArray:
    values = table.column(column).cast(pa.int64()).fill_null(0)
    return cast("IntArray", values.to_numpy())


def _reals(table: pa.Table, column: str, missing: float = np.nan) -> FloatArray:
    values = table.column(column).cast(pa.float64())
    found = values.to_numpy() if np.isnan(missing) else values.fill_null(missing).to_numpy()
    return cast("FloatArray", found)


def _flags(table: pa.Table, column: str) -> BoolArray:
    return cast("BoolArray", table.column(column).combine_chunks().to_numpy(zero_copy_only=False))
