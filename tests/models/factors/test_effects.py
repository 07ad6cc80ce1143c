"""Effects of factors: what is planted is named, what resembles it is not, and intervals hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from factor_people import draw_people
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.care.factors.findings import ALPHA, Cut, CutEffects, Reason, Verdict
from nudge.domain.care.factors.people_table import Factor, FactorKind, PeopleTable
from nudge.models.factors.design import build_design
from nudge.models.factors.effects import corrected, factor_tests, holm
from nudge.models.factors.firth import fit_logistic, score_tests


def effects_of(table: PeopleTable) -> CutEffects:
    return corrected([factor_tests(table, Cut.ALL)], 1.0)[0]


def test_a_cause_is_named_and_its_decoy_is_not() -> None:
    """A column that only resembles the cause is held against it, and is not named."""
    found = {one.factor: one for one in effects_of(draw_people(4000, 1, score=-0.4)).effects}
    assert found["score_network"].verdict == Verdict.LOWERS
    assert found["score_network"].scene == "network"
    assert not found["decoy"].found
    assert not found["noise"].found


def test_pure_noise_names_factors_in_hardly_any_report() -> None:
    """Holm's correction bounds the share of reports about noise that name anything.

    Of 60 reports, four or more are named with a chance of 3 in 1,000 at ALPHA = .01.
    """
    wrong = sum(
        any(one.found for one in effects_of(draw_people(400, seed)).effects) for seed in range(60)
    )
    assert wrong < 4


def test_intervals_hold_the_planted_odds_as_often_as_they_say() -> None:
    """A 95 % interval holds the truth in 95 of 100 runs; below 69 of 80 is 1 in 500."""
    hits = 0
    for seed in range(80):
        found = {e.factor: e for e in effects_of(draw_people(500, 1000 + seed, flag=0.8)).effects}
        odds = found["auto_pay"].odds
        assert odds is not None
        hits += odds.low <= np.exp(0.8) <= odds.high
    assert hits >= 69


def test_too_few_people_who_left_are_told_with_the_number_needed() -> None:
    """A table in which hardly anybody left tells nothing, and says how many it takes."""
    table = draw_people(3000, 3)
    found = effects_of(replace(table, left=np.arange(3000) < 12))
    assert found.needed > 12
    assert {one.reason for one in found.effects} == {Reason.FEW_LEFT}
    assert not any(one.found for one in found.effects)


def test_a_number_that_others_make_up_is_left_out_and_its_parts_are_told() -> None:
    """The sum of two factors hides neither of them."""
    table = draw_people(3000, 4, score=-0.4)
    parts = table.factors[0].values, table.factors[5].values
    total = Factor("sum", FactorKind.NUMBER, parts[0] + parts[1])
    found = {
        e.factor: e for e in effects_of(replace(table, factors=(total, *table.factors))).effects
    }
    reasons = {name: one.reason for name, one in found.items()}
    assert list(reasons.values()).count(Reason.ALIKE) == 1
    assert sum(one.found for one in found.values()) == 2 or found["score_network"].found


def test_separated_people_still_have_a_finite_estimate() -> None:
    """Firth's penalty keeps an estimate finite where a flag tells leaving alone."""
    flag = np.repeat([0.0, 1.0], 30)
    columns = np.column_stack([np.ones(60), flag - 0.5])
    assert 2.0 < fit_logistic(columns, flag).beta[1] < 12.0


def test_the_score_test_of_an_explained_column_does_not_lean_on_the_penalty() -> None:
    """A column that the model nearly explains has a score about 0 in noise."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(60):
        x = rng.normal(size=400)
        columns = np.column_stack([np.ones(400), x])
        y = (rng.random(400) < 0.1).astype(float)
        fit = fit_logistic(columns, y)
        found.append(score_tests(fit, columns, (x + 0.2 * rng.normal(size=400))[:, None], y)[0])
    assert abs(np.mean(found)) < 0.4  # three standard errors
    assert np.std(found) == pytest.approx(1.0, abs=0.28)


def test_unknown_values_are_no_values() -> None:
    """A person whose score is unknown counts in a column of its own and not as a score."""
    table = draw_people(500, 6)
    values = table.factors[0].values.copy()
    values[:200] = np.nan
    first = replace(table.factors[0], values=values)
    design = build_design(replace(table, factors=(first, *table.factors[1:])), bends=())
    assert not np.isnan(design.columns).any()
    assert np.allclose(design.columns[:200, design.factors[0].main], 0.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_is_at_least_as_mild_as_bonferroni(p: list[float]) -> None:
    """Holm's adjusted p keep the order of p, and lie between p and Bonferroni's."""
    plain = np.array(p)
    found = holm(plain)
    assert np.all(found >= plain - 1e-12)
    assert np.all(found <= np.minimum(1.0, plain * len(p)) + 1e-12)
    assert np.all(np.diff(found[np.argsort(plain)]) >= -1e-12)
    assert 0.0 < ALPHA < 0.05
