"""Laws of the ridge regression whose penalty the data choose."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nudge.models.uplift.ridge import RegressionSums, fit_ridge


@given(seed=st.integers(0, 10_000), cut=st.integers(1, 39))
def test_sums_of_parts_are_the_sums_of_all(seed: int, cut: int) -> None:
    """Sums add up over disjoint people, wherever they are cut."""
    rng = np.random.default_rng(seed)
    columns, outcome = rng.normal(size=(40, 3)), rng.normal(size=40)
    whole = RegressionSums.of(columns, outcome)
    parts = RegressionSums.of(columns[:cut], outcome[:cut]) + RegressionSums.of(
        columns[cut:], outcome[cut:]
    )
    assert parts.people == whole.people
    assert np.allclose(parts.xx, whole.xx)
    assert np.allclose(parts.xy, whole.xy)
    assert np.allclose([parts.y, parts.yy], [whole.y, whole.yy])


@given(seed=st.integers(0, 10_000), shift=st.floats(-50.0, 50.0))
def test_a_shift_of_the_outcome_moves_the_base_alone(seed: int, shift: float) -> None:
    """Weights do not depend on the outcome's level."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(60, 2))
    outcome = columns @ np.array([1.0, -1.0]) + rng.normal(size=60)
    one = fit_ridge(RegressionSums.of(columns, outcome))
    other = fit_ridge(RegressionSums.of(columns, outcome + shift))
    assert np.allclose(one.weights, other.weights, atol=1e-6)
    assert np.isclose(one.base + shift, other.base, atol=1e-6)


def test_a_strong_line_is_found_and_a_doubled_column_shares_it() -> None:
    """Weights of much data are those of least squares; equal columns have equal weights."""
    rng = np.random.default_rng(3)
    columns = rng.normal(size=(20_000, 2))
    columns = np.column_stack([columns, columns[:, 1]])
    outcome = 1.0 + 2.0 * columns[:, 0] - columns[:, 1] + rng.normal(size=20_000)
    found = fit_ridge(RegressionSums.of(columns, outcome))
    # The standard error of each is .007.
    assert np.allclose(found.weights, [2.0, -0.5, -0.5], atol=0.035)
    assert abs(found.base - 1.0) < 0.035


def test_noise_shrinks_to_nothing() -> None:
    """Weights of columns that tell nothing are small: half of the seeds give none at all."""
    none = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        columns, outcome = rng.normal(size=(500, 10)), rng.normal(size=500)
        found = fit_ridge(RegressionSums.of(columns, outcome))
        # Least squares would leave a square sum of 10 / 500.
        assert float(found.weights @ found.weights) < 0.02
        none += not found.weights.any()
    # The likelihood's slope at 0 is negative in half of the seeds; 10 of 40 are 3.2 deviations off.
    assert none >= 10


def test_one_person_or_nobody_gives_a_level() -> None:
    """Sums of too few people give their mean, and 0 of nobody."""
    nobody = fit_ridge(RegressionSums.of(np.zeros((0, 2)), np.zeros(0)))
    one = fit_ridge(RegressionSums.of(np.ones((1, 2)), np.full(1, 7.0)))
    assert nobody.predict(np.ones((1, 2))).tolist() == [0.0]
    assert one.predict(np.zeros((1, 2))).tolist() == [7.0]
