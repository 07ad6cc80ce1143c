"""Products of two factors' columns, as candidates for pairs that go with leaving.

A flag or a level counts as it is. A number counts by its rank, as a product of two long tails
would rest on a few people, and as steps at its deciles, as many effects begin at a bound. Each pair
of factors has an equal share of the error, which its products share (weighted Bonferroni: R.
Rosenthal and D. Rubin, "Ensemble-adjusted p values", Psychological Bulletin 94, 1983).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from scipy.stats import rankdata

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.care.factors.conditions import Relation
from nudge.domain.care.factors.people_table import FactorKind, PeopleTable
from nudge.models.factors.design import FEWEST
from nudge.models.factors.firth import LogisticFit
from nudge.models.factors.growing import GrowingModel
from nudge.models.factors.terms import Side, level_sides, number_cuts

IN_BOTH: Final = 5
"""Fewest people who should leave, and stay, in each of the four corners of two sides."""
COARSE: Final = (0.2, 0.5, 0.8)
"""Quantiles of the steps by which two numbers are looked at first."""
PROMISING: Final = 0.02
"""Plain p of two numbers' coarse products up to which their fine ones are looked at. All count in
the correction, so that looking at fewer makes no error likelier."""
BLOCK: Final = 128
"""Products that are tested at once."""


@dataclass(frozen=True, eq=False)
class Part:
    """A column of a factor that a product may have.

    Attributes:
        place: of the factor in the table.
        side: who counts; None for a number's rank.
        is_coarse: it is looked at first.
        is_number: the factor is a number.
    """

    place: int
    side: Side | None
    is_coarse: bool
    is_number: bool

    def may_meet(self, other: Part) -> bool:
        """Return True where the product of both is looked at."""
        if self.place == other.place:
            return False
        if not (self.is_number and other.is_number):
            return True
        return (self.side is None) == (other.side is None)


@dataclass(frozen=True, eq=False)
class Products:
    """The products of a table.

    Attributes:
        parts: the columns that are multiplied.
        values: (n, s) of each part, centred; 0 where unknown. In Fortran's order.
        pairs: (m, 2) the parts of each product.
        tests: (m,) number of tests that each product's p is corrected for.
    """

    parts: tuple[Part, ...]
    values: FloatArray
    pairs: IntArray
    tests: FloatArray

    def column(self, product: int) -> FloatArray:
        """Return the values (n,) of one product."""
        first, other = self.pairs[product]
        return np.asarray(self.values[:, first] * self.values[:, other])

    def places(self, product: int) -> tuple[int, int]:
        """Return the places of a product's factors in the table, in order."""
        first, other = sorted(self.parts[int(n)].place for n in self.pairs[product])
        return first, other

    def promising(self, model: GrowingModel) -> tuple[IntArray, FloatArray]:
        """Return the products that are worth a test, and the plain p of each.

        They are all but the fine ones of numbers whose coarse ones tell nothing.
        """
        coarse = np.array([self._is_coarse(n) for n in range(len(self.pairs))], dtype=np.bool_)
        first = np.flatnonzero(coarse)
        plain = self.p(model, first)
        likely = {self.places(int(n)) for n in first[plain <= PROMISING]}
        fine = [n for n in np.flatnonzero(~coarse) if self.places(int(n)) in likely]
        more = np.array(fine, dtype=np.int64)
        return np.concatenate([first, more]), np.concatenate([plain, self.p(model, more)])

    def _is_coarse(self, product: int) -> bool:
        one, other = (self.parts[int(n)] for n in self.pairs[product])
        return not (one.is_number and other.is_number) or (one.is_coarse and other.is_coarse)

    def p(self, model: GrowingModel, asked: IntArray) -> FloatArray:
        """Return the plain p of some products (len(asked),) beside a model."""
        found = [np.zeros(0)]
        for start in range(0, len(asked), BLOCK):
            first, other = self.pairs[asked[start : start + BLOCK]].T
            found.append(model.scores((self.values.T[first] * self.values.T[other]).T))
        return np.concatenate(found)


def table_products(table: PeopleTable, fit: LogisticFit) -> Products:
    """Return the products of all factors that have enough people in each corner.

    Args:
        table: people.
        fit: the additive model, whose chances say how many should leave in a corner.
    """
    parts, columns, met = [], [], []
    for place in range(len(table.factors)):
        for part, column, inside in _parts(table, place):
            parts.append(part)
            columns.append(column)
            met.append(inside)
    if not parts:
        nothing = np.zeros((0, 2), dtype=np.int64)
        return Products((), np.zeros((len(table), 0)), nothing, np.zeros(0))
    enough = _enough(np.column_stack(met), fit.chance)
    pairs = [
        (a, b)
        for a, b in combinations(range(len(parts)), 2)
        if enough[a, b] and parts[a].may_meet(parts[b])
    ]
    places = [(parts[a].place, parts[b].place) for a, b in pairs]
    together = Counter(places)
    tests = np.array([together[one] * len(together) for one in places], dtype=np.float64)
    return Products(
        tuple(parts),
        np.asfortranarray(np.column_stack(columns)),
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        tests,
    )


def _parts(table: PeopleTable, place: int) -> list[tuple[Part, FloatArray, BoolArray]]:
    factor = table.factors[place]
    known = ~np.isnan(factor.values)
    if factor.kind != FactorKind.NUMBER:
        sides = level_sides(place, factor)
        return [_step(table, Part(place, side, True, False), known) for side in sides]
    if known.sum() < 2 * FEWEST or np.ptp(factor.values[known]) == 0.0:
        return []
    line = np.zeros(len(known))
    line[known] = rankdata(factor.values[known]) / known.sum()
    line[known] -= line[known].mean()
    found = [(Part(place, None, True, True), line, line > 0.0)]
    coarse = set(number_cuts(factor.values[known], COARSE).tolist())
    for cut in sorted({*number_cuts(factor.values[known]).tolist(), *coarse}):
        side = Side(place, float(cut), Relation.UP_TO)
        found.append(_step(table, Part(place, side, cut in coarse, True), known))
    return found


def _step(table: PeopleTable, part: Part, known: BoolArray) -> tuple[Part, FloatArray, BoolArray]:
    met = part.side.holds(table) if part.side else known
    column = met.astype(np.float64)
    return part, np.where(known, column - column[known].mean(), 0.0), met


def _enough(met: BoolArray, chance: FloatArray) -> BoolArray:
    """Return for which two sides (s, s) each of the four corners has people of both outcomes."""
    sides = met.astype(np.float64)
    found = np.ones((sides.shape[1], sides.shape[1]), dtype=np.bool_)
    for weight, least in ((np.ones(len(chance)), FEWEST), (chance, IN_BOTH), (1 - chance, IN_BOTH)):
        both = sides.T @ (sides * weight[:, None])
        one = np.diag(both)
        rest = weight.sum() - one[:, None] - one[None, :] + both
        corners = (both, one[:, None] - both, one[None, :] - both, rest)
        found &= np.all([corner >= least for corner in corners], axis=0)
    return found
