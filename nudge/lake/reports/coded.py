"""Conversion of a report's small tables to arrays, in which names are indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.inference.clusters import GROUPS
from nudge.domain.reports.cube import OTHER, Ages, Allocation, Cube, Delays, Groups, Masses
from nudge.lake.reports.cut import MOST
from nudge.lake.reports.shown import SEPARATOR
from nudge.lake.reports.sums import BINS, Sums

PAID: Final = ("hits", "conversions", "value")
POWERS: Final = ("reward", "square", "cube", "weight_value", "square_value", "square_square")


def code_rows(sums: Sums, segments: Sequence[str], variants: Sequence[str], parts: int) -> Cube:
    """Convert the sums to a cube.

    Args:
        sums: sums over all parts of the rows.
        segments: keys of the segments, in the cube's order.
        variants: first variants of the cube; others that occur follow.
        parts: number of dimensions in the key of a segment.
    """
    names = [*segments, *([OTHER] if len(segments) == MOST else [])]
    seen = sorted(_values(sums.shown, "variant"))
    possible = sums.shown.column("possible_id").unique().to_pylist()
    coding = _Coding(
        _Codes(names),
        _Codes(list(dict.fromkeys([*variants, *seen]))),
        _Codes(sorted(_values(sums.shown, "reason"))),
        _Codes(possible),
    )
    masses = coding.masses(sums.masses)
    return Cube(
        [_split_key(name, parts) for name in names],
        coding.variants.names,
        coding.reasons.names,
        [_set(masses, number) for number in range(len(possible))],
        coding.groups(sums.shown, sums.paid),
        masses,
        coding.ages(sums.ages),
        coding.allocation(sums.allocation),
        _delays(sums.delays),
        coding.degraded(sums.degraded),
    )


@dataclass(frozen=True)
class _Codes:
    """A list of names, and the encoding of columns as indices into it."""

    names: Sequence[Any]

    def encode(self, table: pa.Table, column: str) -> IntArray:
        """Encode a column as indices (n,)."""
        place = {name: i for i, name in enumerate(self.names)}
        coded = table.column(column).combine_chunks().dictionary_encode()
        own = np.array([place[name] for name in coded.dictionary.to_pylist()], dtype=np.int64)
        return own[coded.indices.to_numpy(zero_copy_only=False)] if len(own) else np.zeros(0, int)


@dataclass(frozen=True)
class _Coding:
    segments: _Codes
    variants: _Codes
    reasons: _Codes
    sets: _Codes

    def key(self, table: pa.Table) -> tuple[IntArray, IntArray, IntArray]:
        """Encode the columns of segment, variant and reason, each (n,)."""
        return (
            self.segments.encode(table, "segment"),
            self.variants.encode(table, "variant"),
            self.reasons.encode(table, "reason"),
        )

    def groups(self, shown: pa.Table, paid: pa.Table) -> Groups:
        """Join the sums of both aggregations: the groups of `paid` are among those of `shown`."""
        keys, place = self._place(shown), self._place(paid)
        order = np.argsort(keys)
        where = order[np.searchsorted(keys, place, sorter=order)]
        sums: dict[str, Any] = {name: np.zeros(len(shown), dtype=np.int64) for name in PAID}
        sums |= {name: np.zeros(len(shown)) for name in POWERS}
        for name, column in sums.items():
            column[where] = (_ints if name in PAID else _reals)(paid, name)
        s, v, r = self.key(shown)
        return Groups(
            segment=s,
            variant=v,
            reason=r,
            revision=_ints(shown, "revision"),
            possible=self.sets.encode(shown, "possible_id"),
            settled=_flags(shown, "settled"),
            cluster=_ints(shown, "cluster"),
            rows=_ints(shown, "rows"),
            weight=_reals(shown, "weight", 0.0),
            weight_square=_reals(shown, "weight_square", 0.0),
            **sums,
        )

    def _place(self, table: pa.Table) -> IntArray:
        """Number the combinations of keys (n,): equal keys have equal numbers."""
        s, v, r = self.key(table)
        revision = _ints(table, "revision")
        shape = (
            (s, len(self.segments.names)),
            (v, len(self.variants.names)),
            (r, len(self.reasons.names)),
            (self.sets.encode(table, "possible_id"), len(self.sets.names)),
            (_flags(table, "settled").astype(np.int64), 2),
            (_ints(table, "cluster"), GROUPS),
            (_ints(table, "part"), 1 + int(_ints(table, "part").max(initial=0))),
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
            self.segments.encode(table, "segment"),
            self.sets.encode(table, "possible_id"),
            _flags(table, "settled"),
            _ints(table, "rows"),
            *(matrix(kind) for kind in "isev"),
        )

    def ages(self, table: pa.Table) -> Ages:
        age = np.asarray(10.0 ** ((_ints(table, "place") + 0.5) / BINS), dtype=np.float64)
        return Ages(*self.key(table), age, _ints(table, "rows"))

    def allocation(self, table: pa.Table) -> Allocation:
        order = ("start", "revision", "variant")
        table = table.sort_by([(name, "ascending") for name in order])
        return Allocation(
            _ints(table, "start"),
            self.variants.encode(table, "variant"),
            _ints(table, "revision"),
            _ints(table, "rows"),
            _ints(table, "bits"),
            _reals(table, "first"),
            _ints(table, "oldest"),
            _ints(table, "newest"),
        )

    def degraded(self, table: pa.Table) -> IntArray:
        wide = len(self.segments.names)
        counts = np.bincount(self.segments.encode(table, "segment"), _ints(table, "rows"), wide)
        return counts.astype(np.int64)


def _delays(table: pa.Table) -> Delays:
    age = _reals(table, "age")
    return Delays(_reals(table, "delay"), np.where(np.isnan(age), np.inf, age))


def _set(masses: Masses, number: int) -> frozenset[int]:
    """Return the variants of a set that could be drawn, by their indices."""
    found = masses.inverse[masses.possible == number].sum(axis=0)
    return frozenset(np.flatnonzero(found > 0.0).tolist())


def _split_key(name: str, parts: int) -> tuple[str, ...]:
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
