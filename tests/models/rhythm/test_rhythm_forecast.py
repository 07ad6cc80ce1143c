"""Forecasts of purchases against closed forms, brute force and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from models.rhythm.rhythm_people import alive_by_force, rhythm

from bandits.arrays import FloatArray
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm
from nudge.models.rhythm.forecast import Outlook, forecast
from nudge.models.rhythm.likelihood import likelihood_parts
from nudge.models.rhythm.purchase_sums import PurchaseSums

PEOPLE = [(0, 0.0, 5.0), (0, 0.0, 300.0), (3, 100.0, 130.0), (8, 200.0, 380.0), (5, 90.0, 90.0)]


def sums_of(rows: list[tuple[int, float, float]]) -> PurchaseSums:
    """Return sums with a row for each person."""
    repeats, span, age = np.array(rows, dtype=np.float64).T
    return PurchaseSums(repeats, span, age, np.ones(len(rows)), 0.0, np.arange(len(rows)))


@pytest.mark.parametrize("regularity", [1, 2, 5])
def test_the_web_and_the_worker_agree_with_brute_force(regularity: int) -> None:
    """The probability of having stayed is that of integrals over all rates and times."""
    world = rhythm(regularity)
    found = likelihood_parts(world, sums_of(PEOPLE)).alive
    for row, alive in zip(PEOPLE, found, strict=True):
        history = PurchaseHistory(*row)
        assert world.alive(history) == pytest.approx(alive, abs=1e-6)
        assert alive == pytest.approx(alive_by_force(world, history), abs=1e-4)


def test_expected_purchases_have_the_closed_form_of_chance() -> None:
    """The sum over counts is, for gaps of chance, the formula of Schmittlein and others."""
    world, days = rhythm(1, leaving=(1.7, 200.0)), 120.0
    sums = sums_of(PEOPLE)
    found = forecast(world, sums, days)
    shape, scale, power = world.rate_shape, world.rate_scale, world.leaving_shape
    begin = world.leaving_scale + sums.age
    rate = (shape + sums.repeats) * begin / ((scale + sums.age) * (power - 1.0))
    formula = found.alive * rate * (1.0 - (begin / (begin + days)) ** (power - 1.0))
    assert found.expected == pytest.approx(formula, rel=1e-6)


@pytest.mark.parametrize("regularity", [1, 4])
def test_a_forecast_is_what_simulated_people_do(regularity: int) -> None:
    """Expected purchases, the chance of one, and the date of the next are those of simulation."""
    world, days = rhythm(regularity), 100.0
    row = (4, 120.0, 150.0)
    found = forecast(world, sums_of([row]), days)
    counts, first = simulate(world, row, days, np.random.default_rng(3))
    assert found.expected[0] == pytest.approx(counts.mean(), rel=0.05)
    assert found.back[0] == pytest.approx((counts > 0).mean(), abs=0.01)
    assert np.mean((counts >= found.low[0]) & (counts <= found.high[0])) >= 0.95
    half = Outlook(world, sums_of([row])).chance(1, np.array([40.0]), np.array([0]))
    assert half[0] == pytest.approx((first <= 40.0).mean(), abs=0.01)


def simulate(
    world: Rhythm, row: tuple[int, float, float], days: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Simulate what people with this history do next: counts, and days until the first."""
    repeats, span, age = row
    size, counts, first = 20_000, [], []
    shape = world.rate_shape + world.regularity * repeats
    begin = world.leaving_scale + span
    while len(counts) < size:
        rate = rng.gamma(shape) / (world.rate_scale + span)
        # A rate of leaving, given that the person was there at the last purchase.
        leaves = span + rng.exponential() * begin / rng.gamma(world.leaving_shape)
        now = span + rng.gamma(world.regularity) / rate
        if now <= age and now < leaves:
            continue  # this person would have come before
        number, start = 0, np.inf
        while now < min(leaves, age + days):
            number, start = number + 1, min(start, now - age)
            now += rng.gamma(world.regularity) / rate
        counts.append(number)
        first.append(start)
    return np.array(counts, dtype=np.float64), np.array(first)
