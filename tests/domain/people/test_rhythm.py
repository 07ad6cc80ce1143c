"""The rhythm of one person: laws of staying and of the next gap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.people.rhythm import PurchaseHistory, Rhythm

SHAPES = st.floats(0.3, 5.0)
SCALES = st.floats(2.0, 300.0)
RHYTHMS = st.builds(
    Rhythm,
    regularity=st.sampled_from((1, 2, 4, 12, 24)),
    rate_shape=SHAPES,
    rate_scale=SCALES,
    leaving_shape=SHAPES,
    leaving_scale=SCALES,
    people=st.just(1_000),
    repeats=st.just(5_000),
    until=st.just("2026-11-30"),
    log_likelihood=st.just(-1.0),
)
REPEATS = st.integers(0, 40)
DAYS = st.floats(0.0, 3_000.0)


@given(RHYTHMS, REPEATS, DAYS, DAYS)
def test_staying_is_a_probability_that_falls_in_silence(
    rhythm: Rhythm, repeats: int, span: float, silent: float
) -> None:
    """Buyers of today have stayed; the longer the silence, the less probable it is."""
    assert rhythm.alive(PurchaseHistory(repeats, span, span)) == 1.0
    steps = [span + silent * n / 5 for n in range(6)]
    found = [rhythm.alive(PurchaseHistory(repeats, span, age)) for age in steps]
    assert all(0.0 <= one <= 1.0 for one in found)
    assert all(later <= one + 1e-3 for one, later in pairwise(found))


@given(RHYTHMS, REPEATS, st.floats(1.0, 1_000.0))
def test_silence_tells_more_of_who_came_often(rhythm: Rhythm, repeats: int, silent: float) -> None:
    """Of two people with the same span and the same silence, the one with more repeats left."""
    few, many = (
        rhythm.alive(PurchaseHistory(n, 300.0, 300.0 + silent)) for n in (repeats, repeats + 5)
    )
    assert many <= few + 1e-3


@given(RHYTHMS, REPEATS, DAYS)
def test_quantiles_of_the_next_gap_are_in_order(rhythm: Rhythm, repeats: int, span: float) -> None:
    """The interval holds the median; more repeats in the same span mean a shorter gap."""
    gap = rhythm.next_gap(PurchaseHistory(repeats, span, span))
    assert 0.0 < gap.low <= gap.middle <= gap.late <= gap.high
    more = rhythm.next_gap(PurchaseHistory(repeats + 1, span, span))
    assert more.middle <= gap.middle


def test_even_gaps_make_a_sharp_date() -> None:
    """Twelve monthly recharges: chance says any time, even gaps say next month."""
    common = {"rate_shape": 3.0, "leaving_shape": 0.8, "leaving_scale": 300.0}
    known = {"people": 1_000, "repeats": 5_000, "until": "2026-11-30", "log_likelihood": -1.0}
    month = PurchaseHistory(11, 330.0, 330.0)
    chance, even = (
        Rhythm(regularity=n, rate_scale=90.0 / n, **common, **known).next_gap(month)  # type: ignore[arg-type] # of one table
        for n in (1, 12)
    )
    assert even.middle == pytest.approx(30.0, abs=2.0)
    assert even.high - even.low < 40.0 < chance.high - chance.low
