"""Rates and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from lab.replay.rates import Outcome, by_variant, over_time, rate_of, uniform, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_wilson_equals_published_values(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3: the score interval without continuity correction."""
    assert wilson(successes / n, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_covers_as_often_as_it_says() -> None:
    """At a rate of .17 and 300 rows, 95 % intervals hold the truth in 93.5 to 96.5 % of runs."""
    rng = np.random.default_rng(1)
    rates = rng.binomial(300, 0.17, 4000) / 300
    inside = [low <= 0.17 <= high for low, high in (wilson(rate, 300) for rate in rates)]
    assert 0.935 < np.mean(inside) < 0.965


def test_no_rows_have_no_rate() -> None:
    """Without a row nothing is claimed: no rate, and an interval of all that is possible."""
    none = rate_of([])
    assert (none.rate, none.low, none.high) == (None, 0.0, 1.0)


def test_unequal_propensities_are_weighted() -> None:
    """Rows that the log drew rarely count for those that it might have drawn."""
    often, seldom = Outcome("a", False, 1.25, True), Outcome("a", True, 5.0, True)
    found = rate_of([often] * 80 + [seldom] * 20)
    assert found.rate == pytest.approx(0.5)
    assert found.high - found.low > wilson(0.5, 100)[1] - wilson(0.5, 100)[0]


def test_parts_of_the_run_hold_each_matched_row_once() -> None:
    """The parts are equal shares of the rows in order; only matched rows count."""
    rows = [Outcome("a", i % 2 == 0, 3.0, i % 3 == 0) for i in range(100)]
    parts = over_time(rows, 10)
    assert len(parts) == 10
    assert sum(part.rows for part in parts) == sum(one.matched for one in rows)
    assert [part.rows for part in over_time(rows[:3], 10)].count(1) == 1


def test_uniform_is_the_mean_of_the_variants() -> None:
    """Drawing each variant alike brings the mean of their rates, however many rows each has."""
    rows = [Outcome("a", True, 1, False)] * 10 + [Outcome("b", False, 1, False)] * 30
    log = by_variant(rows)
    found = uniform(log.values())
    assert found.rate == pytest.approx(0.5)
    assert found.rows == 40
    assert log["a"].rate == 1.0
