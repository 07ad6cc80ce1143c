"""Terms of a told model: steps, lines and pairs of conditions, as columns of any table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from nudge.domain.care.factors.conditions import (
    Condition,
    Relation,
    bound_condition,
    number_text,
)
from nudge.domain.care.factors.findings import Shape
from nudge.domain.care.factors.people_table import Factor, FactorKind
from nudge.models.factors.design import FEWEST

CUTS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Quantiles at which a number may be cut."""


class FactorTable(Protocol):
    """A table of people with factors, whatever else is known of them."""

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The factors, each with the values of all people."""


@dataclass(frozen=True)
class Side:
    """One side of a factor: those over a bound or up to it, or those of a level.

    Attributes:
        place: of the factor in its table.
        bound: of a number; 0.5 of a flag; the place of a level.
        relation: `IS` and `IS_NOT` for levels, `OVER` and `UP_TO` for others.
    """

    place: int
    bound: float
    relation: Relation

    def holds(self, table: FactorTable) -> BoolArray:
        """Return who is on the side (n,); nobody whose value is unknown."""
        values = table.factors[self.place].values
        if self.relation == Relation.IS:
            return np.asarray(values == self.bound)
        if self.relation == Relation.IS_NOT:
            return np.asarray(~np.isnan(values) & (values != self.bound))
        over = self.relation == Relation.OVER
        return np.asarray(values > self.bound if over else values <= self.bound)

    def condition(self, table: FactorTable) -> Condition:
        """Return the side in words."""
        factor = table.factors[self.place]
        if self.relation in {Relation.IS, Relation.IS_NOT}:
            return Condition(factor.name, self.relation, factor.levels[int(self.bound)])
        return bound_condition(factor, self.bound, self.relation)


@dataclass(frozen=True)
class Term:
    """A term of a told model.

    Attributes:
        shape: see `Shape`.
        sides: conditions of a step.
        place: of the factor that counts by itself.
        bound: up to which a unit counts.
        usual: value taken where it is unknown.
    """

    shape: Shape
    sides: tuple[Side, ...] = ()
    place: int = 0
    bound: float = np.inf
    usual: float = 0.0

    def column(self, table: FactorTable) -> FloatArray:
        """Return the term's value of each person (n,)."""
        if self.shape == Shape.STEP:
            met = np.all([one.holds(table) for one in self.sides], axis=0)
            return np.asarray(met, dtype=np.float64)
        values = table.factors[self.place].values
        values = np.where(np.isnan(values), self.usual, values)
        if self.shape == Shape.DOUBLING:
            return np.asarray(np.log2(1.0 + np.maximum(values, 0.0)), dtype=np.float64)
        return np.asarray(np.minimum(values, self.bound), dtype=np.float64)

    def conditions(self, table: FactorTable) -> tuple[Condition, ...]:
        """Return the term in words; of a line the factor, and the bound up to which it counts."""
        if self.shape == Shape.STEP:
            return tuple(one.condition(table) for one in self.sides)
        bound = "" if np.isinf(self.bound) else number_text(self.bound)
        return (Condition(table.factors[self.place].name, Relation.UP_TO, bound),)


def single_terms(table: FactorTable) -> list[Term]:
    """Return the terms of each factor by itself that enough people differ in."""
    found: list[Term] = []
    for place, factor in enumerate(table.factors):
        known = factor.values[~np.isnan(factor.values)]
        if len(known) < 2 * FEWEST:
            continue
        if factor.kind == FactorKind.NUMBER:
            found.extend(_number_terms(place, known))
            continue
        found.extend(Term(Shape.STEP, (side,)) for side in level_sides(place, factor))
    return found


def level_sides(place: int, factor: Factor) -> list[Side]:
    """Return the sides of a flag or of levels that enough people are on."""
    if factor.kind == FactorKind.FLAG:
        yes = factor.values == 1.0
        no = factor.values == 0.0
        return [Side(place, 0.5, Relation.OVER)] if min(yes.sum(), no.sum()) >= FEWEST else []
    counts = [(int((factor.values == n).sum()), n) for n in range(len(factor.levels))]
    known = sum(count for count, _ in counts)
    return [Side(place, float(n), Relation.IS) for c, n in counts if FEWEST <= c <= known - FEWEST]


def number_cuts(known: FloatArray, quantiles: Sequence[float] = CUTS) -> FloatArray:
    """Return the bounds at which a number is cut: quantiles, each with people on both sides."""
    found = np.unique(np.quantile(known, quantiles, method="inverted_cdf"))
    return np.asarray(found[found < known.max()], dtype=np.float64)


def _number_terms(place: int, known: FloatArray) -> list[Term]:
    usual = float(np.median(known))
    cuts = number_cuts(known)
    found = [Term(Shape.UNIT, place=place, usual=usual)] if len(cuts) else []
    if known.min() >= 0.0 and len(cuts):
        found.append(Term(Shape.DOUBLING, place=place, usual=usual))
    for cut in cuts:
        if (known <= cut).sum() >= FEWEST <= (known > cut).sum():
            found.append(Term(Shape.STEP, (Side(place, float(cut), Relation.UP_TO),)))
            if cut > known.min():
                found.append(Term(Shape.UNIT_UP_TO, place=place, bound=float(cut), usual=usual))
    return found
