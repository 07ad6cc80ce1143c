"""Parts of the default learner, each against its formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.config import Arm, AttributeSpec, read_config
from bandits.features import CellSpec
from bandits.learners.auto.design import make_design
from bandits.learners.auto.forgetting import (
    BELIEF,
    DAY,
    STEP,
    list_judging_times,
    score_interval,
    track_weights,
)
from bandits.learners.auto.history import CountHistory, FeatureGrid, coarsen_attributes
from bandits.learners.auto.laplace import (
    DesignMatrix,
    Eigendecomposition,
    find_mode,
    near_mode,
    objective,
)
from bandits.learners.auto.model import LogisticModel
from bandits.learners.auto.rule import RuleCounts
from bandits.learners.auto.scales import next_scales
from bandits.learners.auto.width import WIDEST, draw_width
from bandits.learners.log import ExposureLog
from bandits.relations import NOWHERE, find_relations

ARMS = tuple(Arm(str(a), {"amount": a}) for a in (10, 30, 50, 100))


def relation_of(attribute: AttributeSpec, size: int) -> np.ndarray:
    (found,) = find_relations(ARMS, [attribute], [size])
    return found.offsets


def test_offsets_count_places_on_the_arms_ladder() -> None:
    """Offsets are 0 for the same amount and 1 for the next higher; other levels have no place."""
    cells = ("0", "50", "100", "70", "x")
    offsets = relation_of(AttributeSpec("last", "category", cells), 6)
    assert offsets[2].tolist() == [-2, -1, 0, 1]
    assert offsets[3].tolist() == [-3, -2, -1, 0]
    assert offsets[4].tolist() == offsets[2].tolist()
    assert (offsets[[0, 1, 5]] == NOWHERE).all()


def test_cut_points_stand_for_the_amount_at_them() -> None:
    """A number's level is its lower cut point; below the first lies "none"."""
    offsets = relation_of(AttributeSpec("last", "number", (10.0, 30.0, 100.0)), 5)
    assert (offsets[:2] == NOWHERE).all()
    assert offsets[2].tolist() == [0, 1, 2, 3]
    assert offsets[4].tolist() == [-3, -2, -1, 0]


def test_amounts_of_any_size_have_a_place() -> None:
    """The least and the greatest floats lie nearest to the first and the last amount."""
    offsets = relation_of(AttributeSpec("last", "number", (5e-324, 30.0, 1.7e308)), 5)
    assert offsets[2].tolist() == [0, 1, 2, 3]
    assert offsets[4].tolist() == [-3, -2, -1, 0]
    tiny = tuple(Arm(str(a), {"amount": a}) for a in (5e-324, 1e300))
    assert len(find_relations(tiny, [AttributeSpec("last", "number", (1.0, 1e308))], [4])) == 1


def test_attributes_that_only_look_like_numbers_make_no_relation() -> None:
    """City tiers 1 to 3 all lie nearest to one amount, which tells no levels apart."""
    tiers = AttributeSpec("tier", "category", ("1", "2", "3"))
    assert find_relations(ARMS, [tiers], [4]) == ()
    assert find_relations([Arm("a"), Arm("b")], [tiers], [4]) == ()
    assert find_relations(ARMS, [AttributeSpec("f", "flag")], [3]) == ()


def problem(seed: int) -> tuple[DesignMatrix, np.ndarray, np.ndarray, np.ndarray]:
    """Random rows with an intercept and three terms of 4 features, some of them absent."""
    rng = np.random.default_rng(seed)
    index = 1 + 4 * np.arange(3) + rng.integers(0, 4, (40, 3))
    index = np.concatenate([np.zeros((40, 1), dtype=np.int64), index], axis=1)
    index[rng.random(index.shape) < 0.1] = 13
    trials = rng.uniform(0.0, 60.0, 40)
    return DesignMatrix(index, 13), trials, trials * rng.random(40) * 0.3, rng.uniform(0.2, 2.0, 13)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_mode_has_no_slope_and_the_hessian_is_that_of_the_objective(seed: int) -> None:
    """Central differences of the objective: gradient 0 and curvature as returned.

    The curvature is that before the last step, which is below .001 in every coefficient: with
    four features a row, eta moves by at most .004 and so does the logarithm of its weight.
    """
    rows, trials, hits, precision = problem(seed)
    mean, start, step = np.full(13, 0.1), np.zeros(13), 1e-4
    mode = find_mode(rows, trials, hits, mean, precision, start, 30)

    def value(beta: np.ndarray) -> float:
        return objective(rows, beta, trials, hits, mean, precision)

    for i in range(13):
        e = step * np.eye(13)[i]
        slope = (value(mode.beta + e) - value(mode.beta - e)) / (2 * step)
        assert slope == pytest.approx(0.0, abs=2e-2)
        bend = (value(mode.beta + e) - 2 * value(mode.beta) + value(mode.beta - e)) / step**2
        assert -bend == pytest.approx(mode.hessian[i, i], rel=5e-3, abs=2e-2)
    factors = Eigendecomposition.build(mode.information, precision)
    near = near_mode(rows, trials / 2, hits / 2, mean, precision, start, factors, 40)
    exact = find_mode(rows, trials / 2, hits / 2, mean, precision, start, 30)
    assert near == pytest.approx(exact.beta, abs=0.05)


def test_factors_solve_with_every_multiple_of_the_matrix() -> None:
    """One decomposition solves (share * A + diag(d)) x = b for every share."""
    rng = np.random.default_rng(0)
    half, precision, right = rng.normal(size=(20, 8)), rng.uniform(0.1, 40.0, 8), rng.normal(size=8)
    factors = Eigendecomposition.build(half.T @ half, precision)
    for share in (0.0, 0.01, 1.0, 7.0):
        direct = np.linalg.solve(share * half.T @ half + np.diag(precision), right)
        assert factors.solve(share, right) == pytest.approx(direct, rel=1e-9)


def test_scales_stay_without_data_and_follow_it_with_data() -> None:
    """Scales stay at s0 without information; with much, they are the coefficients' spread."""
    start, term_of = np.array([0.5, 0.5]), np.repeat([-1, 0, 1], [1, 40, 40])
    nothing = next_scales(start, start, term_of, np.zeros(81), np.full(81, 0.25))
    assert nothing == pytest.approx(start)
    beta = np.concatenate([[0.0], np.zeros(40), np.random.default_rng(0).normal(0, 1.2, 40)])
    scales = start
    for _ in range(20):
        scales = next_scales(scales, start, term_of, beta, np.full(81, 1e-4))
    assert scales[0] < 0.1
    assert scales[1] == pytest.approx(1.2, rel=0.25)


@given(st.floats(0, 50 * DAY), st.floats(0, 60 * DAY))
def test_judging_times_are_few_and_fixed(first: float, span: float) -> None:
    """Judging times are multiples of the step, and a later fit uses the same ones again."""
    at = first + span
    marks = list_judging_times(first, at, 6)
    assert all(first < mark <= at and mark % STEP == 0 for mark in marks)
    assert marks == sorted(set(marks))
    assert len(marks) <= 6 * 8
    if span > 2 * STEP:
        assert at - marks[-1] < STEP
        again = list_judging_times(first, at + STEP, 6)
        assert set(again[:-1]) - {again[-1]} <= set(marks) | set(list_judging_times(first, at, 8))


def test_a_lead_of_long_ago_is_overtaken_by_what_is_right_now() -> None:
    """Weights move to the shortest half-life within 6 intervals, after 300 in favour of "never"."""
    scores = np.zeros((306, len(BELIEF)))
    scores[:300, 0] = 1.0
    scores[300:, -1] = 4.0
    assert track_weights(scores[:300])[0] > 0.95
    assert track_weights(scores).argmax() == len(BELIEF) - 1
    assert track_weights(np.zeros((0, 6))) == pytest.approx(np.array(BELIEF) / sum(BELIEF))


def test_an_interval_in_which_all_arms_move_alike_says_little() -> None:
    """A rise of all arms by a third costs little likelihood; the same number on one arm much."""
    eta, trials = np.full(4, -3.0), np.full(4, 2000.0)
    base = trials / (1 + np.exp(3.0))
    right = score_interval(np.full(4, -3.0 + np.log(1.33)), trials, base * 1.33)
    alike = score_interval(eta, trials, base * 1.33)
    one = score_interval(eta, trials, base * np.array([2.32, 1.0, 1.0, 1.0]))
    truth = score_interval(
        eta + np.log([2.32, 1.0, 1.0, 1.0]), trials, base * np.array([2.32, 1.0, 1.0, 1.0])
    )
    assert right - alike < 2.0
    assert truth - one > 20.0


def test_cells_are_bounded_by_coarsening_the_least_informative() -> None:
    """The attribute that conversions depend on keeps its levels when three are coarsened."""
    context = [AttributeSpec(name, "category", tuple("abcdefgh")) for name in "xyz"]
    spec = CellSpec.build(context, 10**6)
    rng = np.random.default_rng(0)
    levels = rng.integers(1, 9, (20_000, 3))
    arm = rng.integers(0, 2, 20_000)
    hits = rng.random(20_000) < np.where(arm == (levels[:, 2] > 4), 0.2, 0.05)
    codes, cell = np.unique(spec.code_levels(levels), return_inverse=True)
    counts = np.stack([np.ones(20_000), hits, hits, hits]).astype(float)
    history = CountHistory(spec.levels_of(codes), np.zeros(20_000), cell, arm, counts)
    small, sizes = coarsen_attributes(history, spec, frozenset(), 100)
    assert len(small.levels) <= 100
    assert sizes[2] == 9
    assert small.counts.sum() == counts.sum()
    again, same = coarsen_attributes(small, spec, frozenset({0, 1}), 100)
    assert same[:2] == (1, 1)
    assert len(again.levels) == 8


def test_draws_are_narrower_where_more_terms_are_unsure_together() -> None:
    """The width is .5 for one uncertain term, and .5 / sqrt(T) for T equally uncertain ones."""
    context = [{"name": f"c{i}", "cells": ["x", "y"]} for i in range(3)]
    config = read_config({"arms": [{"name": "a"}, {"name": "b"}], "context": context})
    design = make_design(config, (3, 3, 3))
    spec = CellSpec.build(config.context)
    cells = spec.levels_of(np.arange(27))
    counts = np.ones((4, 54))
    cell, arm = np.repeat(np.arange(27), 2), np.tile([0, 1], 27)
    history = CountHistory(cells, np.zeros(54), cell, arm, counts)
    model = LogisticModel(
        design, history, FeatureGrid.build(history, design, RuleCounts.empty(design)), design.first
    )
    kinds = np.array(["one", *(term.kind for term in design.terms)])[1 + design.term_of[model.ids]]
    alone = np.where(kinds == "arm", 1.0, 0.0)
    assert draw_width(model, alone) == pytest.approx(WIDEST)
    together = np.where(np.isin(kinds, ["arm", "arm x level"]), 1.0, 9.0)
    assert draw_width(model, together) == pytest.approx(WIDEST / 2.0)


def test_a_log_read_as_it_grows_holds_what_one_reading_holds() -> None:
    """A history read in steps equals one read at once."""
    spec = CellSpec.build([AttributeSpec("c", "category", ("x", "y"))])
    rng, logs = np.random.default_rng(0), (ExposureLog(1), ExposureLog(1))
    for start in range(0, 900, 300):
        names = list(range(start, start + 300))
        parts = rng.integers(0, 3, (300, 1)), rng.integers(0, 2, 300), rng.uniform(0, 9e3, 300)
        for log in logs:
            log.expose(names, *parts)
            log.reward(names[::7], np.ones(43, dtype=np.int64), np.full(43, 1e4))
        logs[0].history(spec)
    grown, fresh = (log.history(spec) for log in logs)
    assert (grown.levels[grown.cell] == fresh.levels[fresh.cell]).all()
    assert (grown.counts == fresh.counts).all()
    exact = 2.0 ** (-(1e4 - grown.at) / 500.0)
    assert grown.age_weights(1e4, 500.0) == pytest.approx(exact)


def test_a_design_is_bounded_and_every_arm_has_its_features() -> None:
    """A design of 20 arms and 16 attributes begins with at most 500 features, arms included."""
    context = [{"name": f"c{i}", "cells": list("abcd")} for i in range(16)]
    arms = [{"name": f"a{i}", "attributes": {"amount": i + 1}} for i in range(20)]
    config = read_config({"arms": arms, "context": context})
    design = make_design(config, CellSpec.build(config.context, 10**12).sizes)
    widths = np.array([term.width for term in design.terms])
    assert widths[design.first].sum() <= 500
    assert all(design.first[t] for t, term in enumerate(design.terms) if term.kind == "arm")
    features = design.features(np.ones((20, 16), dtype=np.int64), np.arange(20))
    assert features.shape == (20, 1 + len(design.terms))
    assert len(np.unique(features[:, 1 + 16])) == 20
