"""Laws of the seasons and the delays: learning, uncertainty, quarantine, state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.monitoring import PROMOTION, CalendarDay, DelayLaw, Season, month_place

VISITS = 600.0


def teach(season: Season, days: int, rate: float = 0.3, weight: float = 1.0) -> Season:
    """Return the season after days whose evening pays twice as well as the rest."""
    rng = np.random.default_rng(days)
    streams = len(season.usual)
    shape = np.where(np.arange(24) >= 18, 1.6, 0.8)
    for day in range(days):
        exposed = np.full((streams, 24), VISITS)
        paid = rng.binomial(int(VISITS), rate * shape, (streams, 24)).astype(np.float64)
        season = season.learn(CalendarDay(day % 7), paid, exposed, np.full((streams, 24), weight))
    return season


def test_the_hours_are_learned() -> None:
    """After eight weeks the usual of morning and evening is within 5 % of the truth."""
    season = teach(Season.start([0.4]), 56)
    assert season.find_usual(CalendarDay(2), 3).mean == pytest.approx(0.24, rel=0.05)
    assert season.find_usual(CalendarDay(2), 20).mean == pytest.approx(0.48, rel=0.05)


def test_uncertainty_shrinks_with_days() -> None:
    """The variance of the usual falls with each week that is learned."""
    young, old = teach(Season.start([0.4]), 7), teach(Season.start([0.4]), 56)
    for part in ("of_day", "of_bin"):
        first = getattr(young.find_usual(CalendarDay(2), 3), part)
        assert getattr(old.find_usual(CalendarDay(2), 3), part) < first


def test_a_quarantined_day_teaches_nothing() -> None:
    """A day without weight leaves the usual of every hour where it was, whatever it held."""
    season = teach(Season.start([0.4]), 28)
    day = CalendarDay(4)
    none = np.zeros((1, 24))
    after = season.learn(day, none, np.full((1, 24), VISITS), none)
    for hour in range(24):
        before = season.find_usual(day, hour).mean
        assert after.find_usual(day, hour).mean == pytest.approx(before, rel=0.02)
    taught = season.learn(day, none, np.full((1, 24), VISITS), np.ones((1, 24)))
    assert taught.find_usual(day, 3).mean < 0.99 * season.find_usual(day, 3).mean


def test_one_unusual_day_moves_little() -> None:
    """A day at a tenth of its level, unmarked, moves the base by less than its wander."""
    season = teach(Season.start([0.4]), 28)
    low = np.full((1, 24), 0.03 * VISITS)
    after = season.learn(CalendarDay(0), low, np.full((1, 24), VISITS), np.ones((1, 24)))
    ratio = after.base.mean(slice(0, 1)) / season.base.mean(slice(0, 1))
    assert 0.9 < ratio.item() < 1.0


def test_a_holiday_has_its_own_factor() -> None:
    """Days of a kind that were always lower are expected lower, and plain days are not."""
    season = teach(Season.start([0.3]), 56)
    plain = season.find_usual(CalendarDay(1), 3).mean.item()
    for _ in range(10):
        low = np.full((1, 24), 0.1 * VISITS)
        season = season.learn(
            CalendarDay(1, holiday=1), low, np.full((1, 24), VISITS), np.ones((1, 24))
        )
    feast = season.find_usual(CalendarDay(1, holiday=1), 3).mean.item()
    assert feast < 0.75 * season.find_usual(CalendarDay(1), 3).mean.item()
    assert season.find_usual(CalendarDay(1), 3).mean.item() > 0.75 * plain


def test_days_of_a_promotion_are_learned_by_themselves() -> None:
    """A known promotion raises the usual of its days alone, and tells what a plain day has."""
    season = teach(Season.start([0.3]), 56)
    plain = season.find_usual(CalendarDay(1), 3).mean.item()
    high, exposed = np.full((1, 24), 0.4 * VISITS), np.full((1, 24), VISITS)
    for _ in range(4):
        season = season.learn(CalendarDay(1, holiday=PROMOTION), high, exposed, np.ones((1, 24)))
    promoted = season.find_usual(CalendarDay(1, holiday=PROMOTION), 3)
    assert promoted.mean.item() > 1.15 * plain
    after = season.find_usual(CalendarDay(1), 3)
    assert np.all(np.asarray(after.low) == 1.0)
    assert after.mean.item() < 1.1 * plain
    assert promoted.mean * promoted.low == pytest.approx(after.mean)


def test_the_season_goes_through_arrays() -> None:
    """A season that was written and read has the same bits and goes on with them."""
    season = teach(Season.start([0.4, 0.2]), 9)
    again = teach(Season.read(season.arrays()), 3)
    for name, array in teach(season, 3).arrays().items():
        assert array.tobytes() == again.arrays()[name].tobytes(), name
    with pytest.raises(ValueError, match="not those of a season"):
        Season.read({})


@given(st.integers(28, 31).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
@settings(max_examples=60, deadline=None)
def test_every_day_has_a_place_in_its_month(day: tuple[int, int]) -> None:
    """The last six days count from the end, so that a month's end is the same in every month."""
    number, length = day
    place = month_place(number, length)
    assert 0 <= place < 31
    if number > length - 6:
        assert place == 30 - (length - number)


@pytest.mark.parametrize("wrong", [(0, 30), (31, 30), (1, 27), (1, 32)])
def test_days_that_no_month_has_are_refused(wrong: tuple[int, int]) -> None:
    """A day outside its month, or a month of a length that does not exist, is an error."""
    with pytest.raises(ValueError, match="no day"):
        month_place(*wrong)


def test_first_guesses_are_checked() -> None:
    """A guess that is not a positive number, or a shape without seven rows, is refused."""
    with pytest.raises(ValueError, match="positive"):
        Season.start([0.0])
    with pytest.raises(ValueError, match="seven rows"):
        Season.start([0.4], np.ones((6, 24)))
    with pytest.raises(ValueError, match="weekday"):
        CalendarDay(7)


def test_the_delay_law_is_learned_from_counts() -> None:
    """A law fitted to 5,000 delays has their shares within .03, and without any is the prior."""
    rng = np.random.default_rng(1)
    delays = np.where(
        rng.random(5_000) < 0.7, rng.geometric(0.4, 5_000), rng.geometric(0.06, 5_000)
    )
    counts = np.bincount(delays - 1, minlength=200)
    prior = DelayLaw.prior(10.0)
    law = DelayLaw.fit(counts, prior)
    reached = np.cumsum(law.shares(60))
    assert reached == pytest.approx(np.cumsum(counts)[:60] / 5_000, abs=0.03)
    assert DelayLaw.fit([], prior).weights == pytest.approx(prior.weights)


def test_a_law_states_its_median() -> None:
    """A prior's median is near the one that was asked for; what cannot be one is refused."""
    for minutes in (1.0, 3.0, 10.0):
        assert DelayLaw.prior(minutes).median == pytest.approx(minutes, rel=0.5, abs=1.0)
    with pytest.raises(ValueError, match="median"):
        DelayLaw.prior(-1.0)
    with pytest.raises(ValueError, match="negative"):
        DelayLaw.fit([-1.0], DelayLaw.prior())


def test_habits_may_be_an_hour_off_where_the_clock_was_changed() -> None:
    """The hours around are usual on such a day, too, and the day teaches nothing."""
    season = teach(Season.start([0.3]), 28)
    day = CalendarDay(1, shifted=True)
    plain, before, after = (season.find_usual(CalendarDay(1), n).mean for n in (6, 5, 7))
    found = season.find_usual(day, 6)
    shares = np.concatenate([[1.0], before / plain, after / plain])
    assert found.mean.tobytes() == plain.tobytes()
    assert np.asarray(found.low).item() == pytest.approx(shares.min())
    assert np.asarray(found.high).item() == pytest.approx(shares.max())
    counts = np.full((1, 24), VISITS)
    assert season.learn(day, 0.1 * counts, counts, np.ones((1, 24))) is season
