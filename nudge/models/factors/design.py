"""Columns of a regression from factors: a line and its bends, a flag, or levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.care.factors.people_table import Factor, FactorKind, PeopleTable

FEWEST: Final = 20
"""Fewest people of a level that has a column of its own; rarer levels are one together."""
PER_COLUMN: Final = 5
"""People who left, and who stayed, for each column: below, intervals lose their level (Vittinghoff
and McCulloch, American Journal of Epidemiology 165, 2007)."""
FEW_BENDS: Final = (0.35, 0.65)
BENDS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Quantiles at which a line may bend, in a small and in a large sample. A bend that is missed would
be put down to whatever resembles the factor, or to a pair of like factors."""
BENT: Final = 6
"""Fewest different numbers of a factor whose line may bend."""
MADE_UP: Final = 50.0
"""Inflation of a variance (R² of .98) from which the other factors make a number up."""
ALIASED: Final = 1e-4
"""Share of a column's spread below which the columns before it make it up."""


@dataclass(frozen=True, eq=False)
class FactorColumns:
    """The columns of a factor in a design.

    Attributes:
        factor: the factor.
        main: places of the line, the flag or the levels.
        bends: places of the line's bends.
        shown: (len(main),) level of each column in `main`.
        bendable: the line could have bent before bends were dropped.
        unknown: place of the column that tells who is unknown, if there is one.
    """

    factor: Factor
    main: IntArray
    bends: IntArray
    shown: IntArray
    bendable: bool
    unknown: IntArray

    @property
    def all(self) -> IntArray:
        """Places of all its columns."""
        return np.concatenate([self.main, self.bends])


@dataclass(frozen=True, eq=False)
class Design:
    """The columns of all factors.

    Attributes:
        columns: (n, k) the intercept first; the others centred, numbers of spread 1.
        factors: places of each factor's columns.
    """

    columns: FloatArray
    factors: tuple[FactorColumns, ...]

    def without(self, dropped: IntArray) -> Design:
        """Return the design without some columns."""
        kept = np.setdiff1d(np.arange(self.columns.shape[1]), dropped)
        place = np.full(self.columns.shape[1], -1)
        place[kept] = np.arange(len(kept))
        factors = []
        for one in self.factors:
            main, bends, unknown = place[one.main], place[one.bends], place[one.unknown]
            factors.append(
                FactorColumns(
                    one.factor,
                    main[main >= 0],
                    bends[bends >= 0],
                    one.shown[main >= 0],
                    one.bendable,
                    unknown[unknown >= 0],
                )
            )
        return Design(self.columns[:, kept], tuple(factors))


def build_design(table: PeopleTable, *, bends: Sequence[float] = BENDS) -> Design:
    """Build the columns of a table's factors; an unknown value is told by a column of its own.

    Args:
        table: people.
        bends: quantiles at which lines may bend; none for straight lines.
    """
    blocks: list[FloatArray] = [np.ones((len(table), 1))]
    factors: list[FactorColumns] = []
    place = 1
    for one in table.factors:
        main, bent, shown = _factor_columns(one, bends)
        absent = np.isnan(one.values)
        side = absent[:, None].astype(np.float64)[:, : int(absent.sum() >= FEWEST)]
        width = main.shape[1] + bent.shape[1]
        factors.append(
            FactorColumns(
                one,
                place + np.arange(main.shape[1]),
                place + main.shape[1] + np.arange(bent.shape[1]),
                shown,
                bent.shape[1] > 0,
                place + width + np.arange(side.shape[1]),
            )
        )
        blocks += [main, bent, side - absent.mean()]
        place += width + side.shape[1]
    found = Design(np.column_stack(blocks), tuple(factors))
    return found.without(aliased(found.columns))


def widest_design(table: PeopleTable, per_column: int, straight: Design | None = None) -> Design:
    """Build the columns with as many bends as the people carry; with straight lines, if none.

    More bends are more columns: where the people carry no more than straight lines, none is tried.

    Args:
        table: people.
        per_column: people who left, and who stayed, for each column.
        straight: the table's design without bends, where it is known.
    """
    left = int(table.left.sum())
    rarer = min(left, len(table) - left)
    found = straight or build_design(table, bends=())
    for bends in (FEW_BENDS, BENDS):
        if rarer < per_column * (found.columns.shape[1] - 1):
            break
        wider = build_design(table, bends=bends)
        if rarer >= per_column * (wider.columns.shape[1] - 1):
            found = wider
    return found


def made_up(table: PeopleTable) -> tuple[frozenset[str], Design]:
    """Return the numbers that the other factors make up, and the straight design of all others.

    Such a number, a sum of charges beside its parts, is left out of a model, as nothing can be
    told of its parts beside it. Only the people's values are looked at, and not who left.
    """
    dropped: set[str] = set()
    while True:
        design = build_design(table.without(frozenset(dropped)), bends=())
        found = _most_made_up(design)
        if found is None:
            return frozenset(dropped), design
        dropped.add(found)


def _most_made_up(design: Design) -> str | None:
    columns = design.columns[:, 1:]
    if columns.shape[1] < 2:  # noqa: PLR2004 - one is made up by nothing
        return None
    columns = columns / columns.std(axis=0)
    inverse = np.linalg.inv(columns.T @ columns / len(columns))
    inflation = np.diag(inverse)
    numbers = [
        (float(inflation[one.main[0] - 1]), one.factor.name)
        for one in design.factors
        if one.factor.kind == FactorKind.NUMBER and len(one.main)
    ]
    worst, name = max(numbers, default=(0.0, ""))
    return name if worst > MADE_UP else None


def _factor_columns(
    factor: Factor, bends: Sequence[float]
) -> tuple[FloatArray, FloatArray, IntArray]:
    values, known = factor.values, ~np.isnan(factor.values)
    nothing = np.zeros((len(values), 0))
    if factor.kind == FactorKind.LEVELS:
        return _level_columns(factor, known)
    if known.sum() < FEWEST or np.ptp(values[known]) == 0.0:
        return nothing, nothing, np.zeros(0, dtype=np.int64)
    one = np.ones(1, dtype=np.int64)
    if factor.kind == FactorKind.FLAG:
        return _centred(values, known)[:, None], nothing, one
    low, high = np.quantile(values[known], (0.005, 0.995))
    # Single wild values would carry the whole line.
    line = np.clip(values, low, high) if high > low else values
    bent = [_hinge(line, known, at) for at in _bends(line[known], bends)]
    columns = np.column_stack(bent) if bent else nothing
    return _scaled(line, known)[:, None], columns, one


def _level_columns(factor: Factor, known: BoolArray) -> tuple[FloatArray, FloatArray, IntArray]:
    codes = factor.values[known].astype(np.int64)
    counts = np.bincount(codes, minlength=len(factor.levels))
    usual = int(counts.argmax())
    shown = np.array(
        [n for n, count in enumerate(counts) if count >= FEWEST and n != usual], dtype=np.int64
    )
    columns = [_centred((factor.values == n).astype(float), known) for n in shown]
    rare = (counts > 0) & (counts < FEWEST)
    if counts[rare].sum() >= FEWEST:
        columns.append(_centred(np.isin(factor.values, np.flatnonzero(rare)).astype(float), known))
        shown = np.append(shown, -1)
    nothing = np.zeros((len(known), 0))
    return (np.column_stack(columns) if columns else nothing), nothing, shown


def _bends(values: FloatArray, quantiles: Sequence[float]) -> FloatArray:
    if not quantiles or len(np.unique(values)) < BENT:
        return np.zeros(0)
    found = np.unique(np.quantile(values, quantiles))
    return np.asarray(found[(found > values.min()) & (found < values.max())], dtype=np.float64)


def _hinge(values: FloatArray, known: BoolArray, at: float) -> FloatArray:
    return _scaled(np.maximum(values - at, 0.0), known)


def _scaled(values: FloatArray, known: BoolArray) -> FloatArray:
    found = _centred(values, known)
    return found / max(float(found[known].std()), 1e-12)


def _centred(values: FloatArray, known: BoolArray) -> FloatArray:
    return np.where(known, values - values[known].mean(), 0.0)


def aliased(columns: FloatArray) -> IntArray:
    """Return the places of columns that those before them make up, or that do not vary."""
    spread = columns.std(axis=0)
    places = np.flatnonzero(spread > 1e-9)  # noqa: PLR2004 - rounding
    scaled = columns[:, places] / spread[places]
    left = scaled.T @ scaled / len(columns)
    dropped = [n for n in range(1, columns.shape[1]) if spread[n] <= 1e-9]  # noqa: PLR2004
    for n, place in enumerate(places):
        if left[n, n] < ALIASED:
            dropped.append(int(place))
            continue
        left = left - np.outer(left[:, n], left[n]) / left[n, n]
    return np.array(sorted(dropped), dtype=np.int64)
