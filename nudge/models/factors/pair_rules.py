"""Rules of pairs: the bounds of both conditions, and their shares and odds among some people."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from nudge.domain.care.factors.conditions import Relation
from nudge.domain.care.factors.findings import LEVEL, Interval, PairRule
from nudge.domain.care.factors.people_table import PeopleTable
from nudge.models.factors.design import FEWEST, PER_COLUMN, widest_design
from nudge.models.factors.firth import fit_logistic, score_tests
from nudge.models.factors.terms import Side, number_cuts

LESS: Final = 0.5
"""Weight of a rule by which fewer leave: what leaves more than it should can be acted on."""


def best_sides(
    table: PeopleTable, places: tuple[int, int], sides: tuple[Side | None, Side | None]
) -> tuple[Side, Side]:
    """Return the bounds of a pair by which most is left over by the additive model.

    Args:
        table: people by whom the bounds are chosen.
        places: of both factors in the table.
        sides: of flags and levels; None for a number.
    """
    left = table.left.astype(np.float64)
    columns = widest_design(table, PER_COLUMN).columns
    fit = fit_logistic(columns, left)
    choices = [
        [side] if side is not None else _number_sides(table, place)
        for side, place in zip(sides, places, strict=True)
    ]
    both = list(product(*choices))
    met = np.column_stack([a.holds(table) & b.holds(table) for a, b in both]).astype(np.float64)
    z = score_tests(fit, columns, met, left)
    z[met.sum(axis=0) < FEWEST] = 0.0
    best = both[int(np.where(z > 0.0, z, np.abs(z) * LESS).argmax())]
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
    columns = widest_design(table, PER_COLUMN).columns
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
