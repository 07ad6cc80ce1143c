"""Features of the reward model: indicators of an attribute's levels, or a scaled number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import FloatArray
from nudge.lake.evaluation.log_arrays import REAL, RawBatch
from nudge.lake.evaluation.log_attributes import read_attribute

FEW: Final = 20
"""Most levels of an attribute with a column each."""
DISTINCT: Final = 2_000
"""Most values of an attribute that are remembered while its levels are counted."""
WIDEST: Final = 100
"""Most columns of all attributes together."""
LARGEST: Final = 1e15
"""Largest number of an attribute; beyond, it is unknown."""
FAR: Final = 5.0
"""Standard deviations at which a number is capped: one heavy tail must not bend the model."""


@dataclass(frozen=True)
class Feature:
    """A feature: the columns that an attribute becomes.

    Attributes:
        name: of the attribute.
        levels: a column each, 1 where the value is that; other values are 0 in all.
        mean: of a number; it becomes one column, (value - mean) / spread, 0 where unknown.
        spread: standard deviation of a number.
    """

    name: str
    levels: tuple[str, ...] = ()
    mean: float = 0.0
    spread: float = 0.0

    @property
    def width(self) -> int:
        """Number of its columns."""
        return len(self.levels) or 1

    def columns(self, texts: pa.Array) -> FloatArray:
        """Return the columns (n, width) of values (n,) as text."""
        if not self.levels:
            scaled = (_numbers(texts) - self.mean) / self.spread
            return np.clip(np.nan_to_num(scaled), -FAR, FAR)[:, None]
        places = pc.fill_null(pc.index_in(texts, value_set=pa.array(self.levels)), -1)
        found = places.to_numpy(zero_copy_only=False)[:, None] == np.arange(len(self.levels))
        return np.asarray(found, dtype=np.float64)


@dataclass
class Levels:
    """Counter of an attribute's values, in bounded memory.

    Attributes:
        counts: value -> rows, of the values met first.
        numeric: every value so far is a number.
        sums: rows with a number, their sum, and the sum of their squares.
    """

    counts: Counter[str] = field(default_factory=Counter)
    numeric: bool = True
    sums: FloatArray = field(default_factory=lambda: np.zeros(3))

    def add(self, texts: pa.Array) -> None:
        """Count values (n,) given as text."""
        found = pc.value_counts(texts.drop_null())
        self.count(found.field("values"), found.field("counts"))

    def count(self, values: pa.Array, rows: pa.Array) -> None:
        """Count values (m,) that occur in so many rows (m,) each."""
        if self.numeric:
            self._add_numbers(values, rows)
        if self.numeric and len(self.counts) >= DISTINCT:
            return
        for value, count in zip(values.to_pylist(), rows.to_pylist(), strict=True):
            if value in self.counts or len(self.counts) < DISTINCT:
                self.counts[value] += count

    def _add_numbers(self, values: pa.Array, rows: pa.Array) -> None:
        try:
            x = _numbers(values)
        except pa.ArrowInvalid:
            self.numeric = False
            return
        weight = np.where(np.isfinite(x), rows.to_numpy(zero_copy_only=False), 0)
        x = np.where(np.isfinite(x), x, 0.0)
        self.sums += np.array([weight.sum(), weight @ x, weight @ x**2])

    def feature(self, name: str) -> Feature | None:
        """Return the attribute's feature; None where all rows have the same value."""
        if self.numeric and len(self.counts) > FEW:
            rows, total, square = self.sums.tolist()
            mean = total / rows
            return Feature(name, mean=mean, spread=math.sqrt(max(square / rows - mean**2, 1e-12)))
        levels = tuple(sorted(value for value, _ in self.counts.most_common(FEW)))
        return Feature(name, levels) if len(levels) > 1 else None


def read_features(part: RawBatch, features: Sequence[Feature]) -> FloatArray | None:
    """Return the columns (n, d) of all features; None without any."""
    found = [one.columns(read_attribute(part, one.name)) for one in features]
    return np.hstack(found) if found else None


def choose_features(found: dict[str, Levels]) -> tuple[Feature, ...]:
    """Return the features of attributes, in order, as long as their columns fit into `WIDEST`."""
    used: list[Feature] = []
    for name, levels in found.items():
        one = levels.feature(name)
        if one is not None and sum(f.width for f in used) + one.width <= WIDEST:
            used.append(one)
    return tuple(used)


def _numbers(texts: pa.Array) -> FloatArray:
    """Return texts as numbers, NaN where missing or too large for sums of squares."""
    found = np.asarray(texts.cast(REAL).to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.where(np.abs(found) <= LARGEST, found, np.nan)
