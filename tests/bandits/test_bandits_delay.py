"""Distribution of the delay of conversions, from truncated data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.delay import DelayCounts, find_bin_edges

DAY = 86400.0
WINDOW = 3 * DAY


def delays(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n delays: three quarters in minutes, the rest in a day."""
    return np.where(rng.random(n) < 0.75, rng.exponential(720, n), rng.exponential(DAY, n))


def campaign(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ages of n exposures, delays of those that will convert, and which have converted."""
    rng = np.random.default_rng(seed)
    age = np.concatenate([rng.uniform(0, DAY, n // 2), rng.uniform(0, 6 * DAY, n - n // 2)])
    took = delays(n, rng)
    took[(rng.random(n) > 0.05) | (took > WINDOW)] = np.inf
    return age, took, took <= age


def test_the_law_comes_back_from_truncated_data() -> None:
    """The distribution of 8,000 truncated delays is within .03 of the truth everywhere.

    The counted share of quick ones, which ignores what is still to come, is off by .07.
    """
    age, took, seen = campaign(160_000)
    law = DelayCounts.empty(WINDOW).add(took[seen], age[seen]).distribution()
    truth = delays(1_000_000, np.random.default_rng(1))
    truth = np.sort(truth[truth <= WINDOW])
    at = np.array([120.0, 600.0, 3600.0, 0.5 * DAY, DAY, 2 * DAY])
    exact = np.searchsorted(truth, at) / len(truth)
    assert law.share(at) == pytest.approx(exact, abs=0.03)
    counted = np.array([(took[seen] <= x).mean() for x in at])
    assert np.abs(counted - exact).max() > 0.06
    assert law.median == pytest.approx(np.median(truth), rel=0.1)


def test_what_is_still_to_come_comes() -> None:
    """The expected number of remaining conversions is within 4 Poisson standard errors."""
    age, took, seen = campaign(160_000)
    law = DelayCounts.empty(WINDOW).add(took[seen], age[seen]).distribution()
    final = np.count_nonzero(np.isfinite(took))
    missing = final - np.count_nonzero(seen)
    assert law.predict_remaining(age, seen.sum()) == pytest.approx(
        missing, abs=4 * np.sqrt(missing) + 30
    )
    assert law.rate(age, seen.sum()) == pytest.approx(final / len(age), rel=0.04)
    counts = np.bincount((age // 600).astype(int))
    middles = 600.0 * np.arange(len(counts)) + 300.0
    assert law.predict_remaining(middles, seen.sum(), counts) == pytest.approx(
        law.predict_remaining(age, seen.sum()), rel=0.05
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.integers(0, 2**31))
def test_parts_add_and_the_law_is_a_distribution(cut: int, seed: int) -> None:
    """Added parts equal one pass; shares ascend from 0 to 1; matured exposures expect no more."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(0, 5 * DAY, 400)
    took = rng.uniform(0, 1, 400) * np.minimum(age, WINDOW)
    whole = DelayCounts.empty(WINDOW).add(took, age)
    parts = [DelayCounts.empty(WINDOW).add(took[s], age[s]) for s in (slice(cut), slice(cut, None))]
    both = parts[1] + parts[0]
    assert (both.delays == whole.delays).all()
    assert (both.ages == whole.ages).all()
    cdf = whole.distribution().cdf
    assert (np.diff(cdf) >= -1e-12).all()
    assert (cdf[0], cdf[-1]) == (0.0, 1.0)
    assert whole.distribution().predict_remaining([WINDOW, 9 * DAY], 3) == 0.0


def test_without_truncation_it_is_the_histogram() -> None:
    """Shares equal those counted on matured exposures, up to half a conversion."""
    took = np.array([5.0, 50.0, 500.0, 5000.0] * 250)
    law = DelayCounts.empty(WINDOW).add(took, np.full(1000, WINDOW)).distribution()
    assert law.share([10.0, 100.0, 1000.0, 10_000.0]) == pytest.approx(
        [0.25, 0.5, 0.75, 1.0], abs=2e-3
    )
    assert 40.0 < law.quantile(0.4) < 60.0


def test_strange_delays_are_left_out() -> None:
    """Delays before the exposure, beyond the window or later than now are left out."""
    counts = DelayCounts.empty(60.0).add(
        [-1.0, 61.0, 50.0, np.inf, np.nan], [99.0, 99.0, 20.0, 99.0, 99.0]
    )
    assert counts.delays.sum() == 0
    law = counts.distribution()
    assert (law.median, law.predict_remaining([1.0], 0)) == (0.0, 0.0)


def test_bins_end_with_the_window() -> None:
    """Bins grow by 12 % from one second to the window; invalid or different windows are refused."""
    edges = find_bin_edges(7200.0)
    assert (edges[0], edges[1], edges[-1]) == (0.0, 1.0, 7200.0)
    assert (np.diff(edges) > 0).all()
    assert (edges[2:] / edges[1:-1]).max() < 1.13
    for window in (0.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="window"):
            DelayCounts.empty(window)
    with pytest.raises(ValueError, match="different windows"):
        _ = DelayCounts.empty(60.0) + DelayCounts.empty(61.0)
