"""Products of factors: what is looked at, how it is corrected, and what few people may tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from factor_people import draw_people, left

from nudge.domain.care.factors.people_table import Factor, FactorKind, PeopleTable
from nudge.models.factors.design import build_design
from nudge.models.factors.growing import GrowingModel
from nudge.models.factors.pairs import find_pairs
from nudge.models.factors.products import table_products


def model_of(table: PeopleTable) -> GrowingModel:
    """The additive model of a table."""
    return GrowingModel.of(build_design(table, bends=()).columns, table.left.astype(float))


def numbers(n: int, seed: int, effect: float) -> PeopleTable:
    """People with two numbers that count together beyond a bound of each, and a like third one."""
    rng = np.random.default_rng(seed)
    tenure, idle = rng.exponential(24.0, n), rng.gamma(1.5, 6.0, n)
    like = (1.0 + tenure) * rng.lognormal(0.0, 0.6, n)
    both = (tenure < 8) & (idle > 12)
    values = {"tenure": tenure, "idle": idle, "paid": like}
    factors = tuple(Factor(name, FactorKind.NUMBER, v) for name, v in values.items())
    return PeopleTable(factors, left(-1.4 + effect * both, rng))


def test_the_shares_of_all_products_add_up_to_one() -> None:
    """Weighted Bonferroni: each pair of factors has one share, which its products divide."""
    table = draw_people(1500, 1)
    products = table_products(table, model_of(table).fit)
    assert np.isclose((1.0 / products.tests).sum(), 1.0)
    of_flags = [n for n in range(len(products.pairs)) if products.places(n) == (2, 3)]
    assert len(of_flags) == 1


def test_corners_with_few_people_are_not_looked_at() -> None:
    """Two sides that hardly anybody shares make no product: nothing could be told of them."""
    table = draw_people(1500, 2)
    rare = np.zeros(1500)
    rare[:25] = 1.0
    few = replace(table.factors[2], values=rare)
    table = replace(table, factors=(*table.factors[:2], few, *table.factors[3:]))
    products = table_products(table, model_of(table).fit)
    assert all(2 not in products.places(n) for n in range(len(products.pairs)))


def test_a_pair_of_numbers_is_named_and_what_resembles_one_is_not() -> None:
    """The bounds of both are found, and no pair with the like third number beside them."""
    (found,) = find_pairs(numbers(5000, 3, 1.8), 1.0)
    bounds = {one.factor: float(one.value) for one in found.rule.conditions}
    assert bounds.keys() == {"tenure", "idle"}
    assert 6.0 < bounds["tenure"] < 11.0
    assert 9.0 < bounds["idle"] < 15.0


def test_the_likelihood_ratio_is_stricter_where_few_people_leave() -> None:
    """Sixteen leavers where five should be: the score's p is a hundred times too small."""
    people = 20_000
    column = np.zeros(people)
    column[:50] = 1.0
    gone = np.zeros(people)
    gone[:16] = 1.0
    gone[50 : 50 + people // 10] = 1.0
    model = GrowingModel.of(np.ones((people, 1)), gone)
    (score,) = model.scores(column[:, None])
    exact = 7e-5  # P(Poisson(5) >= 16)
    ratio = model.p_of(model.grown(column))
    assert score < exact / 20.0
    assert exact / 5.0 < ratio < exact * 5.0
