"""Quantiles, intervals of means, differences and lifts, and the sums behind them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, stdtrit

from bandits.inference.clusters import GROUPS, groups_of
from bandits.inference.interval import Estimate, difference, lift, mean_interval
from bandits.inference.moments import Moments
from bandits.inference.quantiles import normal_quantile, t_quantile


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_quantiles_agree_with_an_independent_calculation(level: float) -> None:
    """Quantiles are exact for 1 and 2 degrees of freedom, within 1 % from 3 on, 1e-5 from 20 on."""
    for df in (1, 2, 3, 5, 20, 100, 1e6):
        exact = float(stdtrit(df, (1 + level) / 2))
        slack = 1e-9 if df <= 2 else 0.01 if df < 20 else 1e-5
        assert t_quantile(level, df) == pytest.approx(exact, rel=slack)
    assert t_quantile(level, 0.5) == math.inf
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054)


def test_a_share_lies_between_the_normal_interval_and_wilsons() -> None:
    """For 10 of 100 the ends lie three quarters of the way from the normal to Wilson's."""
    found = mean_interval(0.1, math.sqrt(0.09 / 100), effective=1e9, kind="share")
    assert 0.0412 < found.low < 0.0552
    assert 0.1588 < found.high < 0.1744
    assert found.low == pytest.approx(0.25 * 0.0412 + 0.75 * 0.0552, abs=1.5e-3)
    some = mean_interval(0.1, math.sqrt(0.09 / 100), effective=100, kind="share")
    assert some.low < found.low < found.high < some.high


@pytest.mark.parametrize("n", [50, 200, 1000])
def test_a_share_covers_whatever_it_is(n: int) -> None:
    """Exact binomial coverage, averaged over rates of 2 to 50 %, is within .01 of .95."""
    k = np.arange(n + 1)
    ends = [
        mean_interval(x / n, math.sqrt(x / n * (1 - x / n) / n), effective=n, kind="share")
        for x in k.tolist()
    ]
    covered = []
    for p in np.linspace(0.02, 0.5, 97):
        log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        law = np.exp(log + k * np.log(p) + (n - k) * np.log1p(-p))
        covered.append(law[[x.contains(p) for x in ends]].sum())
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1), st.floats(0, 2), st.floats(2.5, 1e6))
def test_the_interval_of_a_share_holds_it_and_stays_within_0_and_1(
    value: float, error: float, effective: float
) -> None:
    """The interval of a share lies within 0 and 1 and holds the share, for any standard error."""
    found = mean_interval(value, error, effective=effective, kind="share")
    assert 0.0 <= found.low <= value <= found.high <= 1.0


def test_no_conversion_in_a_hundred_rows_is_not_certainty() -> None:
    """The upper end is 2.9 % for 0 of 100; the interval is infinite for 1 effective row."""
    assert mean_interval(0.0, 0.0, effective=1e9).high == 0.0
    assert mean_interval(0.0, 0.0, effective=100, kind="share").high == pytest.approx(
        0.029, abs=2e-3
    )
    assert mean_interval(1.0, 0.0, effective=1.0, kind="share").low == -math.inf


def test_large_counts_are_normal() -> None:
    """Intervals of all kinds equal value +- 1.96 standard errors where the error is small."""
    for kind in ("share", "positive", "any"):
        found = mean_interval(0.3, 1e-4, effective=1e8, kind=kind)
        ends = (0.3 - 1.96e-4, 0.3 + 1.96e-4)
        assert (found.low, found.high) == pytest.approx(ends, abs=1e-7)


def test_a_difference_recovers_the_variances() -> None:
    """Symmetric ends add as squares, correlation narrows them, and infinite ends stay infinite."""
    one, other = Estimate(0.5, 0.2, 0.8), Estimate(0.1, -0.3, 0.5)
    found = difference(one, other)
    assert (found.low, found.high) == pytest.approx((-0.1, 0.9))
    same = difference(one, one, correlation=1.0)
    assert (same.low, same.high) == pytest.approx((0.0, 0.0))
    assert difference(one, Estimate(0.0, -math.inf, math.inf)).low == -math.inf


def test_newcombes_example() -> None:
    """The interval of 56/70 - 48/80 equals Newcombe's (1998) from Wilson's: (.0524, .3339)."""
    ends = [Estimate(0.8, 0.6921, 0.8768), Estimate(0.6, 0.4905, 0.7003)]
    found = difference(*ends)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=1e-3)


def test_a_lift_covers() -> None:
    """The .95 interval of a lift covers .93 to .97 of 3,000 pairs of some dozen conversions.

    The binomial standard error is .004.
    """
    rng = np.random.default_rng(0)
    a, b = rng.binomial(2000, 0.02, 3000) / 2000, rng.binomial(1000, 0.03, 3000) / 1000
    hits = 0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        ends = [
            mean_interval(p, math.sqrt(p * (1 - p) / n), effective=n, kind="share")
            for p, n in ((x, 2000), (y, 1000))
        ]
        hits += lift(*ends).contains(0.02 / 0.03 - 1)
    assert 0.93 <= hits / 3000 <= 0.97


def test_a_lift_against_nothing_is_open() -> None:
    """The upper end of a lift is infinite where the holdout's rate may be 0."""
    found = lift(Estimate(0.1, 0.05, 0.2), Estimate(0.01, 0.0, 0.03))
    assert found.high == math.inf
    assert found.low > -1.0
    nothing = lift(Estimate(0.1, 0.05, 0.2), Estimate(0.0, 0.0, 0.03))
    assert math.isnan(nothing.value)
    assert (nothing.low, nothing.high) == (-1.0, math.inf)


def test_groups_are_even_and_the_same_everywhere() -> None:
    """A subject has one group in any batch; 100,000 subjects fill the groups evenly (5 sigma)."""
    assert groups_of(["s1", "s2", "s1"])[0] == groups_of(["s1"])[0]
    sizes = np.bincount(groups_of(np.arange(100_000)), minlength=GROUPS)
    assert sizes.min() > 0
    assert abs(sizes - 100_000 / GROUPS).max() < 5.5 * math.sqrt(100_000 / GROUPS)


def test_moments_add_and_know_their_clusters() -> None:
    """Added parts give the whole's standard error; parts with and without subjects do not add."""
    rng = np.random.default_rng(1)
    columns, subjects = rng.random((1000, 2)), groups_of(rng.integers(0, 200, 1000))
    whole = Moments.from_columns(columns, subjects)
    halves = Moments.from_columns(columns[:300], subjects[:300]) + Moments.from_columns(
        columns[300:], subjects[300:]
    )
    derivatives = np.array([-whole.total[1] / whole.total[0], 1.0])
    assert halves.spread(derivatives) == pytest.approx(whole.spread(derivatives))
    assert halves.clusters == len(np.unique(subjects))
    with pytest.raises(ValueError, match="with and without"):
        _ = Moments.from_columns(columns) + whole
    assert (Moments.empty(2) + whole) is whole
    assert Moments.from_columns(columns[:1]).spread(derivatives) == math.inf
