"""Usual days: what is called unlike them, and how often by chance."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.units import HOUR
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.overview.conversion_view import conversion_view
from nudge.domain.overview.usual_days import DAYS, HOURS, HourCount, UsualDays

START = 1_764_000_000.0
GAP = 1_800.0


def hours(
    rng: np.random.Generator,
    days: int,
    rate: float = 0.2,
    visits: int = 200,
    wander: float = 0.0,
    last: float = 1.0,
) -> list[HourCount]:
    """Whole days of hours; each day's rate wanders, the last one's is another."""
    found = []
    for day in range(days):
        level = rate * float(np.exp(rng.normal(0.0, wander))) * (last if day == days - 1 else 1.0)
        for hour in range(HOURS):
            several = visits + 10 * hour
            paid = int(rng.binomial(several, min(level, 1.0)))
            at = START + (day * HOURS + hour) * HOUR
            found.append(HourCount(at, several, paid))
    return found


def told(each: list[HourCount]) -> dict[str, object]:
    """The view when all of the hours are over."""
    return conversion_view(each, each[-1].start + 2 * HOUR, GAP, OperatorCalendar())


@pytest.mark.parametrize("wander", [0.0, 0.1])
def test_a_day_like_the_others_is_seldom_called_another(wander: float) -> None:
    """At most one day in twelve, by chance alone or with days that wander by 10 %."""
    rng = np.random.default_rng(17)
    verdicts = [told(hours(rng, DAYS + 1, wander=wander))["verdict"] for _ in range(200)]
    assert sum(one != "usual" for one in verdicts) <= 200 / 12


def test_a_fall_by_a_third_is_told() -> None:
    """And so is a rise; the interval has the truth."""
    rng = np.random.default_rng(5)
    fallen, risen = (told(hours(rng, DAYS + 1, last=by)) for by in (2 / 3, 4 / 3))
    assert (fallen["verdict"], risen["verdict"]) == ("below", "above")
    change = fallen["change"]
    assert isinstance(change, dict)
    assert change["low"] < -1 / 3 < change["high"]
    assert "低" in str(fallen["zh"])
    assert "more than on usual days" in str(risen["en"])


def test_few_days_or_payments_are_no_comparison() -> None:
    """Four days say how many are missing; ten visits say that they are too few."""
    rng = np.random.default_rng(1)
    young = told(hours(rng, 5))
    assert (young["verdict"], young["change"]) == ("too_early", None)
    assert "one more day of data" in str(young["en"])
    younger = told(hours(rng, 3))
    assert "3 more days of data" in str(younger["en"])
    small = told(hours(rng, DAYS + 1, rate=0.001, visits=1))
    assert small["verdict"] == "too_early"


def test_what_differs_too_much_is_no_comparison() -> None:
    """Days that lie anywhere between a third and three times as much leave nothing to tell."""
    rng = np.random.default_rng(6)
    wild = told(hours(rng, 7, rate=0.05, wander=0.9))
    assert (wild["verdict"], wild["change"]) == ("too_early", None)


def test_hours_under_quarantine_are_no_usual_ones() -> None:
    """An outage two days ago does not lower what is usual."""
    rng = np.random.default_rng(3)
    each = hours(rng, DAYS + 1)
    out = [
        HourCount(one.start, one.visits, 0, left_out=True)
        if 12 * HOURS <= number < 12 * HOURS + 6
        else one
        for number, one in enumerate(each)
    ]
    without = UsualDays.of(each[:-HOURS])
    held = UsualDays.of(out[:-HOURS])
    assert held.rate == pytest.approx(without.rate, rel=0.05)
    counted = [HourCount(one.start, one.visits, one.paid) for one in out]
    assert UsualDays.of(counted[:-HOURS]).rate[:6].mean() < 0.96 * held.rate[:6].mean()


def test_open_hours_take_no_part_in_the_verdict() -> None:
    """The last hour's visits have not paid yet: the conversion is that of the hours before."""
    rng = np.random.default_rng(9)
    each = hours(rng, DAYS + 1)
    each[-1] = HourCount(each[-1].start, each[-1].visits, 0)
    found = conversion_view(each, each[-1].start + 1_900.0, GAP, OperatorCalendar())
    last = found["hours"][-1]
    assert last["open"]
    assert found["visits"] == sum(one.visits for one in each[-HOURS:-1])
    assert found["verdict"] == "usual"


def test_a_day_without_visits_has_no_rate() -> None:
    """Nobody came: no figure is made up; visits that go on are told as such."""
    empty = [HourCount(START + n * HOUR, 0, 0) for n in range((DAYS + 1) * HOURS)]
    found = told(empty)
    assert (found["verdict"], found["rate"], found["change"]) == ("nothing", None, None)
    assert all(one["rate"] is None and one["usual"] is None for one in found["hours"])
    empty[-1] = HourCount(empty[-1].start, 5, 0)
    assert conversion_view(empty, empty[-1].start, GAP, OperatorCalendar())["verdict"] == "open"
