"""Conversion of a report's small tables to arrays, in which names are indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.inference.arm_blocks import join_strata
from nudge.domain.reports.cube import (
    OTHER,
    Ages,
    Allocation,
    Blocks,
    Crowds,
    Cube,
    Delays,
    Draws,
    Groups,
    Masses,
)
from nudge.lake.reports.cut import MOST
from nudge.lake.reports.shown import SEPARATOR
from nudge.lake.reports.sums import BINS, Sums

PAID: Final = ("hits", "conversions", "value", "capped")
DRAWN: Final = (
    *("rows", "hits", "reward", "square", "cube", "weight", "weight_value"),
    *("weight_square", "square_value", "square_square"),
)
"""Columns of `Draws`, in the order of its fields."""
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
    seen = sorted(map(str, _values(sums.shown, "variant")))
    possible = _values(sums.shown, "possible_id")
    coding = _Coding(
        _Codes(names),
        _Codes(list(dict.fromkeys([*variants, *seen]))),
        _Codes(sorted(map(str, _values(sums.shown, "reason")))),
        _Codes(possible),
    )
    blocks, pairs, of_draws = _pairs(sums.masses, sums.drawn)
    masses = coding.masses(sums.masses, pairs)
    return Cube(
        [_split_key(name, parts) for name in names],
        coding.variants.names,
        coding.reasons.names,
        [_set(masses, number) for number in range(len(possible))],
        coding.groups(sums.shown, sums.paid, sums.crowds),
        masses,
        coding.draws(sums.drawn, of_draws),
        blocks,
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
        found = []
        for coded in table.column(column).chunks:
            own = np.array([place[name] for name in coded.dictionary.to_pylist()], dtype=np.int64)
            found.append(own[coded.indices.to_numpy(zero_copy_only=False)])
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


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

    def groups(self, shown: pa.Table, paid: pa.Table, crowds: pa.Table) -> Groups:
        """Join the sums of the aggregations: all other groups are among those of `shown`."""
        keys = self._place(shown)
        order = np.argsort(keys)

        def among(table: pa.Table) -> IntArray:
            found = np.searchsorted(keys, self._place(table), sorter=order)
            return np.asarray(order[found], dtype=np.int64)

        where = among(paid)
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
            number=np.arange(len(shown)),
            crowds=_crowds(crowds, among(crowds), len(shown)),
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
            (_ints(table, "part"), 1 + int(_ints(table, "part").max(initial=0))),
        )
        found = revision
        for column, size in shape:
            found = found * size + column
        return found

    def masses(self, table: pa.Table, pairs: IntArray) -> Masses:
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
            pairs,
            _ints(table, "rows"),
            *(matrix(kind) for kind in "isev"),
        )

    def draws(self, table: pa.Table, pairs: IntArray) -> Draws:
        return Draws(
            self.segments.encode(table, "segment"),
            self.sets.encode(table, "possible_id"),
            _flags(table, "settled"),
            pairs,
            self.variants.encode(table, "variant"),
            *(_reals(table, name, 0.0) for name in DRAWN),
        )

    def ages(self, table: pa.Table) -> Ages:
        age = np.asarray(10.0 ** ((_ints(table, "place") + 0.5) / BINS), dtype=np.float64)
        return Ages(*self.key(table), age, _ints(table, "rows"))

    def allocation(self, table: pa.Table) -> Allocation:
        names = table.column("variant").cast(pa.string())
        keys = [*(_ints(table, name) for name in ("start", "revision")), names]
        told = dict(zip(("start", "revision", "variant"), keys, strict=True))
        order = [(name, "ascending") for name in told]
        table = table.take(pc.sort_indices(pa.table(told), sort_keys=order))
        return Allocation(
            _ints(table, "start"),
            self.variants.encode(table, "variant"),
            _ints(table, "revision"),
            _ints(table, "rows"),
            _ints(table, "bits"),
            _reals(table, "first"),
            _ints(table, "oldest"),
            _ints(table, "newest"),
            _reals(table, "lowest"),
            _reals(table, "highest"),
        )

    def degraded(self, table: pa.Table) -> IntArray:
        wide = len(self.segments.names)
        counts = np.bincount(self.segments.encode(table, "segment"), _ints(table, "rows"), wide)
        return counts.astype(np.int64)


def _crowds(table: pa.Table, group: IntArray, groups: int) -> Crowds:
    order = np.argsort(group, kind="stable")
    start = np.zeros(groups + 1, dtype=np.int64)
    start[1:] = np.bincount(group, minlength=groups).cumsum()
    return Crowds(
        start,
        _ints(table, "cluster")[order],
        _ints(table, "rows")[order],
        *(_reals(table, name, 0.0)[order] for name in ("weight", "reward", "weight_value")),
    )


def _pairs(masses: pa.Table, drawn: pa.Table) -> tuple[Blocks, IntArray, IntArray]:
    """Return the pairs of block and stratum, and the pair of each row of both tables."""
    both = [
        np.concatenate([_ints(masses, name), _ints(drawn, name)])
        for name in ("block", "propensities", "stratum")
    ]
    block, stratum = both[0], join_strata(both[1], both[2])
    order = np.lexsort((stratum, block))
    changed = np.ones(len(order), dtype=np.bool_)
    changed[1:] = (np.diff(block[order]) != 0) | (np.diff(stratum[order]) != 0)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = changed.cumsum() - 1
    first = order[changed]
    blocks = Blocks(block[first], stratum[first])
    return blocks, place[: len(masses)], place[len(masses) :]


def _delays(table: pa.Table) -> Delays:
    delay, age, sign = _reals(table, "delay"), _reals(table, "age"), _ints(table, "sign")
    kept = sign > 0
    # What was taken back later was no conversion: each such delay takes one like it away.
    gone, counts = np.unique(delay[~kept], return_counts=True)
    for value, count in zip(gone, counts, strict=True):
        kept[np.flatnonzero(kept & (delay == value))[:count]] = False
    return Delays(delay[kept], np.where(np.isnan(age), np.inf, age)[kept])


def _set(masses: Masses, number: int) -> frozenset[int]:
    """Return the variants of a set that could be drawn, by their indices."""
    found = masses.inverse[masses.possible == number].sum(axis=0)
    return frozenset(np.flatnonzero(found > 0.0).tolist())


def _split_key(name: str, parts: int) -> tuple[str, ...]:
    return (name,) if name == OTHER or parts < 2 else tuple(name.split(SEPARATOR))  # noqa: PLR2004 (one part is itself)


def _values(table: pa.Table, column: str) -> list[Any]:
    """List the values that occur in a column of names."""
    return list(table.column(column).unique().to_pylist())


def _ints(table: pa.Table, column: str) -> IntArray:
    values = table.column(column).cast(pa.int64()).fill_null(0)
    return cast("IntArray", values.to_numpy())


def _reals(table: pa.Table, column: str, missing: float = np.nan) -> FloatArray:
    values = table.column(column).cast(pa.float64())
    found = values.to_numpy() if np.isnan(missing) else values.fill_null(missing).to_numpy()
    return cast("FloatArray", found)


def _flags(table: pa.Table, column: str) -> BoolArray:
    return cast("BoolArray", table.column(column).combine_chunks().to_numpy(zero_copy_only=False))
