"""A visitor's recharges as payments tell them: robust, and the same in any order."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.units import DAY
from nudge.domain.people.recharges import (
    MOST,
    Payment,
    alive,
    expect_payment,
    outlook,
    purchase_history,
    spending_change,
    usual,
)
from nudge.domain.people.recharges import with_payment as add
from nudge.domain.people.rhythm import Rhythm

PAYMENTS = st.lists(st.builds(Payment, st.integers(0, 10**6).map(float), st.integers(1, 10**6)))


def kept(payments: list[Payment]) -> tuple[Payment, ...]:
    found: tuple[Payment, ...] = ()
    for one in payments:
        found = add(found, one)
    return found


@given(PAYMENTS, st.randoms(use_true_random=False))
def test_any_order_gives_the_same(payments: list[Payment], random: Random) -> None:
    """The latest payments are kept by time, in whatever order they were told."""
    other = list(payments)
    random.shuffle(other)
    assert kept(payments) == kept(other) == tuple(sorted(payments)[-MOST:])


def monthly(*amounts: int, shift: float = 0.0) -> tuple[Payment, ...]:
    return tuple(Payment(30 * DAY * i + shift * (i % 2), 100 * a) for i, a in enumerate(amounts))


def test_the_usual_amount_is_one_that_was_paid() -> None:
    """One large recharge does not make a large customer."""
    assert usual(monthly(50, 50, 500, 30)) == 5000
    assert usual(monthly(30, 100)) == 3000
    assert usual(()) is None


def test_the_next_payment_is_expected_in_the_usual_rhythm() -> None:
    """Median interval from the latest; a top-up in between hardly moves it."""
    found = expect_payment(monthly(50, 50, 50, 50, 50))
    assert found is not None
    assert (found.at, found.spread) == (5 * 30 * DAY, DAY)
    between = kept([*monthly(50, 50, 50, 50, 50, 50), Payment(31 * DAY, 1000)])
    again = expect_payment(between)
    assert again is not None
    assert again.at == pytest.approx(6 * 30 * DAY, abs=2 * DAY)
    assert expect_payment(monthly(50, 50)) is None


def test_an_uneven_rhythm_is_an_uncertain_date() -> None:
    """Intervals of 20 and 40 days have a spread of 1.4826 * 10 days."""
    found = expect_payment(monthly(50, 50, 50, 50, 50, shift=10 * DAY))
    assert found is not None
    assert found.spread == pytest.approx(1.4826 * 10 * DAY)


def test_one_payment_suffices_where_the_rhythm_of_all_is_known() -> None:
    """The date is the rhythm's, in order with its interval; payments of a day count once."""
    rhythm = Rhythm(12, 3.0, 7.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.0)
    one = monthly(50)
    found = expect_payment(one, rhythm)
    assert found is not None
    assert one[-1].at < found.low < found.at < found.high
    assert found.spread >= DAY
    twice = (*one, Payment(one[-1].at + 60.0, 5000))
    assert purchase_history(twice, twice[-1].at).repeats == 0
    assert purchase_history(monthly(50, 50, 50), 100 * DAY) == (2, 60.0, 100.0)
    assert expect_payment((), rhythm) is None
    assert alive((), rhythm, DAY) is None


def test_the_outlook_tells_who_has_left() -> None:
    """Nothing is expected of somebody who has more probably left than not."""
    rhythm = Rhythm(12, 3.0, 7.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.0)
    payments = monthly(50, 50, 50, 50, 50)
    for silent, left in ((20.0, False), (300.0, True)):
        found = outlook(payments, rhythm, payments[-1].at + silent * DAY)
        assert found is not None
        assert (found.left, found.source) == (left, "rhythm")
    alone = outlook(payments, None, payments[-1].at)
    assert alone is not None
    assert (alone.alive, alone.left, alone.source) == (None, False, "median")
    assert outlook(payments[:2], None, 0.0) is None


def test_spending_is_compared_with_what_was_before() -> None:
    """The last three against the median before; told from six payments on."""
    assert spending_change(monthly(100, 100, 100, 50, 50, 30)) == 0.5
    assert spending_change(monthly(100, 100, 100, 50, 50)) is None
