"""Bayesian figures of rates, and sample-ratio mismatch."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv

from bandits.inference.beta_interval import credible_interval, rate_figures
from bandits.inference.srm import mismatch, ratio_sums, z_scores


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**7), st.sampled_from([0.8, 0.95, 0.999]))
def test_the_interval_is_that_of_the_beta_distribution(hits: int, more: int, level: float) -> None:
    """Grid quantiles equal the inverse incomplete beta function to 1e-4 of the width."""
    low, high = credible_interval([hits], [hits + more], level)
    exact = betaincinv(1 + hits, 1 + more, [(1 - level) / 2, (1 + level) / 2])
    assert np.array([low[0], high[0]]) == pytest.approx(exact, abs=1e-4 * (exact[1] - exact[0]))


def test_chance_and_loss_agree_with_a_known_case() -> None:
    """Two equal arms have half a chance each; a far better arm is certain and has no loss."""
    even = rate_figures([50, 50], [1000, 1000])
    assert even.chance_best == pytest.approx([0.5, 0.5], abs=0.04)
    assert even.expected_loss[0] == pytest.approx(even.expected_loss[1], rel=0.15)
    clear = rate_figures([500, 50, 0], [1000, 1000, 0])
    assert clear.chance_best.sum() == pytest.approx(1.0)
    assert clear.rate == pytest.approx([501 / 1002, 51 / 1002, 0.5])
    better = rate_figures([500, 50], [1000, 1000])
    assert better.chance_best.tolist() == [1.0, 0.0]
    assert better.expected_loss[0] == 0.0
    assert better.expected_loss[1] == pytest.approx(0.449, abs=0.01)


def test_figures_are_seeded_and_quick() -> None:
    """Figures are the same at every call, and those of 20 arms take less than 20 ms."""
    hits, trials = np.arange(20) * 10, np.full(20, 5000)
    rate_figures(hits, trials)
    start = time.process_time()
    first = rate_figures(hits, trials)
    assert time.process_time() - start < 0.06  # 20 ms on a quiet machine; tests share theirs
    assert (first.chance_best == rate_figures(hits, trials).chance_best).all()


def test_more_conversions_than_trials_are_refused() -> None:
    """More conversions than trials raise a ValueError."""
    with pytest.raises(ValueError, match="between 0 and trials"):
        rate_figures([2], [1])


def test_a_skew_is_found_and_honest_logs_pass_at_every_look() -> None:
    """200 honest logs looked at 40 times raise no alarm at alpha .001; a 2 % skew is found."""
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(200):
        pmf = rng.dirichlet(np.ones(4), 4000)
        arms = (pmf.cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1).clip(0, 3)
        sums = ratio_sums(arms[:100], pmf[:100])
        alarmed = mismatch(sums)
        for i in range(100, 4000, 100):
            sums += ratio_sums(arms[i : i + 100], pmf[i : i + 100])
            alarmed |= mismatch(sums)
        alarms += alarmed
        assert np.abs(z_scores(sums)).max() < 5.0
    assert alarms <= 1
    pmf = np.full((100_000, 4), 0.25)
    skewed = rng.choice(4, 100_000, p=[0.27, 0.25, 0.24, 0.24])
    assert mismatch(ratio_sums(skewed, pmf))
