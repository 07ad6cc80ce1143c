"""The fit of rhythms: parameters that made the purchases are found again."""

from __future__ import annotations

import numpy as np
import pytest
from models.rhythm.rhythm_people import draw_purchases, rhythm

from nudge.domain.people.rhythm import PurchaseHistory
from nudge.models.rhythm.backtest import check_rhythm, later_purchases
from nudge.models.rhythm.fit import fit_rhythm
from nudge.models.rhythm.purchase_sums import median_gap, purchase_sums

DAYS = 500


@pytest.mark.parametrize("regularity", [1, 4])
def test_the_rhythm_that_made_the_purchases_is_found(regularity: int) -> None:
    """Regularity is exact; typical gap and half-life lie within a fifth of the truth."""
    made = rhythm(regularity, (3.0, 90.0 / regularity), (0.9, 250.0))
    who, day = draw_purchases(made, 2_000, DAYS, np.random.default_rng(regularity))
    found = fit_rhythm(purchase_sums(who, day, DAYS), "2026-11-30")
    assert found is not None
    assert found.regularity == regularity
    new = PurchaseHistory(0, 0.0, 0.0)
    assert found.next_gap(new).middle == pytest.approx(made.next_gap(new).middle, rel=0.2)
    assert found.half_life == pytest.approx(made.half_life, rel=0.25)


@pytest.mark.parametrize("regularity", [1, 4])
def test_intervals_hold_what_comes(regularity: int) -> None:
    """Of simulated people, intervals of 95 % hold 93 % of the counts and of the dates at least."""
    made = rhythm(regularity, (3.0, 90.0 / regularity), (0.9, 250.0))
    who, day = draw_purchases(made, 2_000, DAYS, np.random.default_rng(7 + regularity))
    sums = purchase_sums(who, day, DAYS // 2)
    found = fit_rhythm(sums, "2026-11-30")
    assert found is not None
    later = later_purchases(who, day, DAYS // 2, DAYS)
    check = check_rhythm(found, sums, later)
    assert check.covered >= 0.93
    assert check.dates_covered is not None
    assert 0.93 <= check.dates_covered <= 0.97
    assert check.expected == pytest.approx(check.real, rel=0.1)
    assert abs(check.error or 1.0) < abs(check.naive_error or 0.0)


def test_people_who_are_all_alike_are_fitted() -> None:
    """Rates that do not differ leave a flat likelihood: regularity and leaving are found still."""
    made = rhythm(4, (2_000.0, 14_000.0), (50.0, 10_000.0))
    who, day = draw_purchases(made, 600, 150, np.random.default_rng(4))
    found = fit_rhythm(purchase_sums(who, day, 150), "2026-11-30")
    assert found is not None
    assert found.regularity in {3, 4, 6}
    assert found.half_life == pytest.approx(made.half_life, rel=0.4)


def test_too_few_people_have_no_rhythm() -> None:
    """Below a hundred people who came back nothing is fitted; the median gap still stands."""
    people, days = np.repeat(np.arange(50), 3), np.tile([0, 10, 40], 50)
    assert fit_rhythm(purchase_sums(people, days, 60), "2026-11-30") is None
    assert median_gap(people, days, 60) == 20.0
    assert median_gap(people[:1], days[:1], 60) is None


def test_purchases_of_a_day_count_once_and_later_ones_not_at_all() -> None:
    """Sums by day: repeats, span and age of each person, alike people in one row."""
    people = np.array([3, 3, 3, 1, 8, 8, 5])
    days = np.array([10, 10, 17, 12, 10, 17, 90])
    sums = purchase_sums(people, days, 20)
    assert sums.people == 3
    assert sums.row.tolist() == [0, 1, 1]
    rows = np.column_stack([sums.repeats, sums.span, sums.age, sums.count])
    assert rows.tolist() == [[0, 0, 8, 1], [1, 7, 10, 2]]
    assert sums.log_gaps == pytest.approx(2 * np.log(7.0))
    later = later_purchases(people, np.array([10, 10, 25, 12, 22, 22, 90]), 20, 30)
    assert (later.number.tolist(), later.first.tolist()) == ([0, 1], [0, 5])
