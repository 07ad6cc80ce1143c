"""Columns of an uplift model: lines, steps and levels of factors, of spread 1 together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray, IntArray
from nudge.domain.care.factors.findings import Shape
from nudge.domain.care.factors.people_table import Factor
from nudge.models.factors.terms import FactorTable, Term, single_terms

SHAPES: Final = (Shape.UNIT, Shape.STEP)


@dataclass(frozen=True, eq=False)
class ColumnPlan:
    """The k columns of a model, computed alike for any people.

    Each factor has the same prior variance, however many columns tell it.

    Attributes:
        factors: names, kinds and levels by which others' tables are read; without values.
        terms: of the columns.
        middle: (k,) subtracted from each column.
        scale: (k,) by which it is multiplied then.
    """

    factors: tuple[Factor, ...]
    terms: tuple[Term, ...]
    middle: FloatArray
    scale: FloatArray

    def columns(self, table: FactorTable) -> FloatArray:
        """Return the columns of people (n, k), whose factors are the plan's in its order."""
        if not self.terms:
            rows = len(table.factors[0].values) if table.factors else 0
            return np.zeros((rows, 0))
        found = np.column_stack([one.column(table) for one in self.terms])
        return (found - self.middle) * self.scale


def plan_columns(table: FactorTable) -> ColumnPlan:
    """Choose the columns by the people's factors alone; what a contact did is not looked at."""
    terms = tuple(one for one in single_terms(table) if one.shape in SHAPES)
    names = tuple(one.take(np.zeros(0, dtype=np.int64)) for one in table.factors)
    if not terms:
        return ColumnPlan(names, (), np.zeros(0), np.zeros(0))
    columns = np.column_stack([one.column(table) for one in terms])
    places = factor_places(terms)
    beside = np.bincount(places)[places]
    spread = np.maximum(columns.std(axis=0), 1e-9)
    return ColumnPlan(names, terms, columns.mean(axis=0), 1.0 / (spread * np.sqrt(beside)))


def factor_places(terms: Sequence[Term]) -> IntArray:
    """Return the place of each term's factor in the table (k,)."""
    found = [one.sides[0].place if one.sides else one.place for one in terms]
    return np.array(found, dtype=np.int64)
