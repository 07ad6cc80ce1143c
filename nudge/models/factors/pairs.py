"""Pairs of factors that go with leaving beyond what each adds by itself.

Two searches share the pairs' part of the report's error, half each:

- every product of two factors' columns is tested in all people (Rao's score test, confirmed by the
  likelihood ratio; see `products` for the correction); the surest enters the model before the
  others are looked at again, so that what merely resembles a pair is not named beside it;
- boosted trees of depth two learn, in one half of the people, what this model leaves; their pairs,
  ranked by permutation in people held out of that half, name a few rules with bounds (J. Friedman
  and B. Popescu, "Predictive learning via rule ensembles", Annals of Applied Statistics 2, 2008),
  which are tested in the other half, again one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.care.factors.findings import ALPHA, PairRule, Shape
from nudge.domain.care.factors.people_table import PeopleTable
from nudge.models.factors.design import PER_COLUMN, widest_design
from nudge.models.factors.growing import GrowingModel
from nudge.models.factors.pair_rules import best_sides, pair_rule
from nudge.models.factors.products import IN_BOTH, Products, table_products
from nudge.models.factors.terms import Side, Term
from nudge.models.factors.tree_rules import nominated_pairs

MOST: Final = 6
"""Most pairs that products may name."""
ENTERED: Final = 12
"""Most products that enter the model; several may belong to one pair, until its form is met."""
Sides = tuple[Side, Side]


@dataclass(frozen=True, eq=False)
class FoundPair:
    """A pair that is real: as a term for a model, and as a rule in words."""

    term: Term
    rule: PairRule


@dataclass(frozen=True, eq=False)
class _FoundProduct:
    """A product that is real: its factors, its sides (None for a number), and the corrected p."""

    places: tuple[int, int]
    sides: tuple[Side | None, Side | None]
    p: float


def find_pairs(table: PeopleTable, share: float, seed: int = 0) -> list[FoundPair]:
    """Find the pairs of a table, the surest first; none where there are too few people.

    Args:
        table: people.
        share: of the report's chance of an error that pairs may use.
        seed: of the halves.
    """
    left = table.left.astype(np.float64)
    columns = widest_design(table, PER_COLUMN).columns
    if min(left.sum(), len(left) - left.sum()) < PER_COLUMN * columns.shape[1]:
        return []
    halves = _halves(table, np.random.default_rng(seed))
    surest, entered = _tested_products(table, GrowingModel.of(columns, left), share / 2.0)
    found = [_told(table, halves, one) for one in surest]
    named = {frozenset(one.places) for one in surest}
    found += _tree_pairs(table, halves, entered, named, share / 2.0, seed)
    return sorted(found, key=lambda one: one.rule.p_adjusted)


def _halves(table: PeopleTable, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    order = rng.permutation(len(table))
    middle = len(order) // 2
    return np.sort(order[:middle]), np.sort(order[middle:])


def _tested_products(
    table: PeopleTable, model: GrowingModel, share: float
) -> tuple[list[_FoundProduct], FloatArray]:
    """Return the products that are real, and the columns (n, m) that entered the model."""
    products = table_products(table, model.fit)
    waiting, plain = products.promising(model)
    found: list[_FoundProduct] = []
    first = model.columns.shape[1]
    for _ in range(ENTERED):
        corrected = plain * products.tests[waiting] / share
        sure = corrected <= ALPHA
        if not sure.any() or len(found) == MOST:
            break
        best = int(np.where(sure, plain, 2.0).argmin())
        grown = model.grown(products.column(int(waiting[best])))
        p = max(plain[best], model.p_of(grown)) * products.tests[waiting[best]] / share
        if p <= ALPHA:
            model = grown
            found = _with_product(found, products, int(waiting[best]), p)
        sure[best] = False
        waiting = waiting[sure]
        plain = products.p(model, waiting)
    return found, model.columns[:, first:]


def _with_product(
    found: list[_FoundProduct], products: Products, product: int, p: float
) -> list[_FoundProduct]:
    places = products.places(product)
    if any(one.places == places for one in found):
        return found
    parts = sorted((products.parts[int(n)] for n in products.pairs[product]), key=lambda x: x.place)
    sides = [None if one.is_number else one.side for one in parts]
    return [*found, _FoundProduct(places, (sides[0], sides[1]), float(p))]


def _told(table: PeopleTable, halves: tuple[IntArray, IntArray], one: _FoundProduct) -> FoundPair:
    """Return a product as a rule; bounds of numbers come from one half, figures from the other."""
    first, second = one.sides
    if first is not None and second is not None:
        sides, judged = (first, second), table
    else:
        sides = best_sides(table.take(halves[0]), one.places, one.sides)
        judged = table.take(halves[1])
    return FoundPair(Term(Shape.STEP, sides), pair_rule(judged, sides, min(1.0, one.p)))


def _tree_pairs(
    table: PeopleTable,
    halves: tuple[IntArray, IntArray],
    entered: FloatArray,
    named: set[frozenset[int]],
    share: float,
    seed: int,
) -> list[FoundPair]:
    """Return the rules of boosted trees that hold in people whom the trees did not see."""
    first, second = (table.take(rows) for rows in halves)
    learnt = _model(first, entered[halves[0]])
    rules = [
        sides
        for sides in nominated_pairs(first, learnt.fit.chance, seed)
        if frozenset(side.place for side in sides) not in named
    ]
    if not rules:
        return []
    return [
        FoundPair(Term(Shape.STEP, sides), pair_rule(second, sides, p))
        for sides, p in _surest(second, _model(second, entered[halves[1]]), rules, share)
    ]


def _model(table: PeopleTable, entered: FloatArray) -> GrowingModel:
    columns = widest_design(table, PER_COLUMN).columns
    return GrowingModel.of(np.column_stack([columns, entered]), table.left.astype(np.float64))


def _surest(
    table: PeopleTable, model: GrowingModel, rules: Sequence[Sides], share: float
) -> list[tuple[Sides, float]]:
    """Return the rules that are real, each with Bonferroni's p; the surest enters the model."""
    tests, found = len(rules) / share, []
    chance = model.fit.chance
    waiting = [
        (sides, met)
        for sides, met in ((one, one[0].holds(table) & one[1].holds(table)) for one in rules)
        if _enough(met, chance)
    ]
    while waiting:
        plain = model.scores(np.column_stack([met for _, met in waiting]).astype(np.float64))
        best = int(plain.argmin())
        if plain[best] * tests > ALPHA:
            break
        sides, met = waiting.pop(best)
        grown = model.grown(met.astype(np.float64))
        p = max(float(plain[best]), model.p_of(grown)) * tests
        if p <= ALPHA:
            model = grown
            found.append((sides, p))
    return found


def _enough(met: BoolArray, chance: FloatArray) -> bool:
    return bool(min(chance[met].sum(), (1.0 - chance[met]).sum()) >= IN_BOTH)
