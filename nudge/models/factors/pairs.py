"""Pairs of factors that go with leaving beyond what each adds by itself.

Two searches share the pairs' part of the report's error, half each:

- every product of two factors' columns is tested in all people (Rao's score test, Bonferroni over
  all products); the surest enters the model before the others are looked at again, so that what
  merely resembles a pair is not named beside it;
- boosted trees of depth two learn, in one half of the people, what the additive model leaves;
  their pairs, ranked by permutation in people held out of that half, name a few rules with bounds
  (J. Friedman and B. Popescu, "Predictive learning via rule ensembles", Annals of Applied
  Statistics 2, 2008), which are tested in the other half.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

import numpy as np
from scipy.special import expit
from scipy.stats import norm, rankdata

from bandits.arrays import FloatArray, IntArray
from nudge.domain.care.factors.conditions import Relation
from nudge.domain.care.factors.findings import ALPHA, LEVEL, Interval, PairRule, Shape
from nudge.domain.care.factors.people_table import FactorKind, PeopleTable
from nudge.models.factors.design import BENDS, FEWEST, Design, build_design
from nudge.models.factors.firth import LogisticFit, fit_logistic, score_tests
from nudge.models.factors.terms import Side, Term, level_sides, number_cuts
from nudge.models.factors.tree_rules import nominated_pairs

PER_COLUMN: Final = 10
"""People who left, and who stayed, for each column of the additive model."""
IN_BOTH: Final = 5
"""Fewest people who should leave, and stay, among those who meet both conditions."""
MOST: Final = 6
BLOCK: Final = 128
"""Products that are tested at once."""


@dataclass(frozen=True, eq=False)
class FoundPair:
    """A pair that is real: as a term for a model, and as a rule in words."""

    term: Term
    rule: PairRule


@dataclass(frozen=True, eq=False)
class _Product:
    """A product of two factors' columns.

    Attributes:
        places: of both factors in the table.
        sides: of flags and levels; None for a number.
        column: (n,) product of the centred columns.
    """

    places: tuple[int, int]
    sides: tuple[Side | None, Side | None]
    column: FloatArray


def find_pairs(table: PeopleTable, share: float, seed: int = 0) -> list[FoundPair]:
    """Find the pairs of a table, the surest first; none where there are too few people.

    Args:
        table: people.
        share: of the report's chance of an error that pairs may use.
        seed: of the halves.
    """
    left = table.left.astype(np.float64)
    design = build_design(table, bends=BENDS)
    rarer = min(left.sum(), len(left) - left.sum())
    if rarer < PER_COLUMN * design.columns.shape[1]:
        return []
    rng = np.random.default_rng(seed)
    halves = _halves(table, rng)
    surest = _tested_products(table, design, left, share / 2.0)
    found = [_found(table, halves, one, p / share) for one, p in surest]
    named = {frozenset(one.places) for one, _ in surest}
    found += _tree_pairs(table, halves, named, share / 2.0, seed)
    return sorted(found, key=lambda one: one.rule.p_adjusted)


def _halves(table: PeopleTable, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    order = rng.permutation(len(table))
    middle = len(order) // 2
    return np.sort(order[:middle]), np.sort(order[middle:])


def _tested_products(
    table: PeopleTable, design: Design, left: FloatArray, share: float
) -> list[tuple[_Product, float]]:
    """Return the products that are real, each with Bonferroni's p for half the pairs' error."""
    columns = design.columns
    fit = fit_logistic(columns, left)
    waiting = _products(table, fit)
    tests = max(len(waiting), 1)
    found: list[tuple[_Product, float]] = []
    while waiting and len(found) < MOST:
        z = _scores(fit, columns, waiting, left)
        p = 2.0 * norm.sf(np.abs(z)) * tests * 2.0
        best = int(p.argmin())
        if p[best] > ALPHA * share * 2.0:
            break
        found.append((waiting[best], min(1.0, float(p[best]))))
        columns = np.column_stack([columns, waiting[best].column])
        fit = fit_logistic(columns, left)
        waiting = [w for n, w in enumerate(waiting) if p[n] <= ALPHA * share * 2.0 and n != best]
    return found


def _scores(
    fit: LogisticFit, columns: FloatArray, waiting: list[_Product], left: FloatArray
) -> FloatArray:
    found = []
    for start in range(0, len(waiting), BLOCK):
        more = np.column_stack([one.column for one in waiting[start : start + BLOCK]])
        found.append(score_tests(fit, columns, more, left))
    return np.concatenate(found)


def _products(table: PeopleTable, fit: LogisticFit) -> list[_Product]:
    """Return the products of all factors of which enough people meet both sides."""
    parts = [_parts(table, place) for place in range(len(table.factors))]
    found = []
    for first, second in combinations(range(len(parts)), 2):
        for (side, one), (other, two) in product(parts[first], parts[second]):
            if side and other and not _enough(table, fit, side, other):
                continue
            found.append(_Product((first, second), (side, other), one * two))
    return found


def _parts(table: PeopleTable, place: int) -> list[tuple[Side | None, FloatArray]]:
    factor = table.factors[place]
    known = ~np.isnan(factor.values)
    if factor.kind == FactorKind.NUMBER:
        if known.sum() < 2 * FEWEST or np.ptp(factor.values[known]) == 0.0:
            return []
        # By rank: a product of two long tails would rest on a few people.
        line = np.full(len(known), 0.0)
        line[known] = rankdata(factor.values[known]) / known.sum() - 0.5
        line[known] -= line[known].mean()
        return [(None, line)]
    found: list[tuple[Side | None, FloatArray]] = []
    for side in level_sides(place, factor):
        column = side.holds(table).astype(np.float64)
        found.append((side, np.where(known, column - column[known].mean(), 0.0)))
    return found


def _enough(table: PeopleTable, fit: LogisticFit, side: Side, other: Side) -> bool:
    """Return True where every combination of two sides has people who leave and who stay."""
    one, two = side.holds(table), other.holds(table)
    for first, second in ((one, two), (one, ~two), (~one, two), (~one, ~two)):
        both = first & second
        leaving = float(fit.chance[both].sum())
        if both.sum() < FEWEST or min(leaving, both.sum() - leaving) < IN_BOTH:
            return False
    return True


def _found(
    table: PeopleTable, halves: tuple[IntArray, IntArray], one: _Product, p: float
) -> FoundPair:
    """Return a product as a rule; bounds of numbers come from one half, figures from the other."""
    first, second = one.sides
    if first is not None and second is not None:
        sides, judged = (first, second), table
    else:
        sides = _best_sides(table.take(halves[0]), one)
        judged = table.take(halves[1])
    return FoundPair(Term(Shape.STEP, sides), pair_rule(judged, sides, min(1.0, p)))


def _best_sides(table: PeopleTable, one: _Product) -> tuple[Side, Side]:
    """Return the bounds of a pair by which most is left over by the additive model."""
    left = table.left.astype(np.float64)
    columns = build_design(table, bends=BENDS).columns
    fit = fit_logistic(columns, left)
    choices = [
        [side] if side is not None else _number_sides(table, place)
        for side, place in zip(one.sides, one.places, strict=True)
    ]
    both = list(product(*choices))
    met = np.column_stack([a.holds(table) & b.holds(table) for a, b in both]).astype(np.float64)
    z = score_tests(fit, columns, met, left)
    z[met.sum(axis=0) < FEWEST] = 0.0
    # What leaves more than it should is the rule that somebody can act on.
    best = both[int(np.where(z > 0.0, z, np.abs(z) * 0.5).argmax())]
    return best[0], best[1]


def _number_sides(table: PeopleTable, place: int) -> list[Side]:
    values = table.factors[place].values
    cuts = number_cuts(values[~np.isnan(values)])
    relations = (Relation.UP_TO, Relation.OVER)
    return [Side(place, float(cut), relation) for cut in cuts for relation in relations]


def pair_rule(table: PeopleTable, sides: tuple[Side, Side], p: float) -> PairRule:
    """Return a pair of conditions as a rule, with shares and odds among some people."""
    left = table.left.astype(np.float64)
    met = sides[0].holds(table) & sides[1].holds(table)
    columns = build_design(table, bends=BENDS).columns
    columns = np.column_stack([columns, met.astype(np.float64)])
    fit = fit_logistic(columns, left)
    value, error = float(fit.beta[-1]), float(np.sqrt(fit.covariance[-1, -1]))
    reach = float(norm.isf((1.0 - LEVEL) / 2.0)) * error
    apart = expit(columns[met, :-1] @ fit.beta[:-1])
    return PairRule(
        (sides[0].condition(table), sides[1].condition(table)),
        int(met.sum()),
        float(left[met].mean()) if met.any() else 0.0,
        float(left[~met].mean()) if not met.all() else 0.0,
        float(apart.mean()) if met.any() else 0.0,
        Interval(*(float(np.exp(value + d)) for d in (0.0, -reach, reach))),
        p,
    )


def _tree_pairs(
    table: PeopleTable,
    halves: tuple[IntArray, IntArray],
    named: set[frozenset[int]],
    share: float,
    seed: int,
) -> list[FoundPair]:
    """Return the rules of boosted trees that hold in people whom the trees did not see."""
    first, second = table.take(halves[0]), table.take(halves[1])
    learnt = build_design(first, bends=BENDS).columns
    chance = fit_logistic(learnt, first.left.astype(np.float64)).chance
    rules = nominated_pairs(first, chance, seed)
    if not rules:
        return []
    left = second.left.astype(np.float64)
    columns = build_design(second, bends=BENDS).columns
    fit = fit_logistic(columns, left)
    met = [sides[0].holds(second) & sides[1].holds(second) for sides in rules]
    z = score_tests(fit, columns, np.column_stack(met).astype(np.float64), left)
    p = np.minimum(1.0, 2.0 * norm.sf(np.abs(z)) * len(rules) / share)
    return [
        FoundPair(Term(Shape.STEP, sides), pair_rule(second, sides, float(p[n])))
        for n, sides in enumerate(rules)
        if p[n] <= ALPHA
        and min(fit.chance[met[n]].sum(), (1.0 - fit.chance[met[n]]).sum()) >= IN_BOTH
        and frozenset(side.place for side in sides) not in named
    ]
