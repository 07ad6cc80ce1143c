"""Standardised means, landmark expectations and shrinkage against brute force and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.inference.tables.like_groups import expected_after, shrunken, standardised_mean


def test_equal_strata_give_the_plain_mean_and_its_variance() -> None:
    """With one stratum and one row a person the mean and its variance are the usual ones."""
    y = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    found = standardised_mean(y, np.zeros(5, dtype=np.int64), np.arange(5), np.ones(1))
    assert found.value == pytest.approx(0.6)
    assert found.variance == pytest.approx(y.var(ddof=1) / 5)
    assert found.effective == pytest.approx(5.0)


def test_rows_of_one_person_count_as_one() -> None:
    """Every row twice changes neither the mean nor its variance."""
    y, people = np.array([0.0, 1.0, 1.0, 0.0]), np.arange(4)
    strata, mix = np.array([0, 0, 1, 1]), np.array([0.3, 0.7])
    once = standardised_mean(y, strata, people, mix)
    twice = standardised_mean(*(np.repeat(one, 2) for one in (y, strata, people)), mix)
    assert twice.value == pytest.approx(once.value)
    assert twice.variance == pytest.approx(once.variance)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_expectation_behind_a_moment_equals_a_loop(seed: int) -> None:
    """For each row: of its stratum's reference that had not ended, the share that ends well."""
    rng = np.random.default_rng(seed)
    since, strata = rng.random(7), rng.integers(2, size=7)
    ends = np.where(rng.random(12) < 0.5, rng.random(12) * 2.0, np.inf)
    end_strata = np.concatenate([[0, 1], rng.integers(2, size=10)])
    found = expected_after(since, strata, ends, end_strata, np.arange(12))
    by_hand = []
    for moment, stratum in zip(since, strata, strict=True):
        left = ends[(end_strata == stratum) & (ends > moment)]
        by_hand.append(np.isfinite(left).mean() if len(left) else 0.0)
    assert found.value == pytest.approx(float(np.mean(by_hand)))


def test_the_interval_of_an_expectation_covers() -> None:
    """Ends that are uniform over twice the horizon: the truth is known at each moment."""
    rng, hits = np.random.default_rng(5), 0
    since = np.linspace(0.0, 0.5, 40)
    truth = float(np.mean((1.0 - since) / (2.0 - since)))
    zeros = np.zeros(40, dtype=np.int64)
    for _ in range(200):
        drawn = rng.random(150) * 2.0
        ends = np.where(drawn < 1.0, drawn, np.inf)
        found = expected_after(since, zeros, ends, np.zeros(150, dtype=np.int64), np.arange(150))
        hits += found.estimate().contains(truth)
    assert hits >= 180


def test_values_without_a_true_spread_are_drawn_together() -> None:
    """Values that differ by less than their errors become one; far ones stay nearly as they are."""
    near = shrunken(np.array([0.0, 0.1]), np.array([1.0, 1.0]))
    assert near == pytest.approx([0.05, 0.05])
    far = shrunken(np.array([0.0, 10.0]), np.array([0.1, 0.1]))
    assert far == pytest.approx([0.0, 10.0], abs=0.01)
