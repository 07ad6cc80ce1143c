"""World of the monitors' benchmark: minutes of a recharge channel, quiet or with an outage.

Visitors come at 50 a minute in the evening and two at night; two fifths pay some minutes later. A
day's level of rate and traffic wanders by a tenth. Months end with a rush, promotions come at any
time, holidays differ, and on the days of a clock change the visitors' habits are an hour off.
Copies of the world are independent; all streams of a copy are parts of the same day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.monitoring import CalendarDay, month_place

HOUR, DAY, YEAR = 60, 1_440, 365
PEAK, RATE, MOST = 50.0, 0.4, 0.97
CHOICE: Final = 0.65
"""Share of the visits that choose a payment method."""
METHODS: Final = (0.45, 0.3, 0.2, 0.05)
CITIES: Final = (0.2, 0.05)
FAILS: Final = 0.03
"""Share of the attempts of a method that fail and say so."""
TRAFFIC: Final = np.array(
    [10, 5, 3, 2, 2, 3, 7, 14, 22, 30, 34, 35, 38, 34, 32, 32, 34, 40, 50, 50, 50, 44, 32, 20]
) / 50.0  # fmt: skip
HABIT: Final = 1.0 + 0.12 * np.sin((np.arange(24) - 9) * np.pi / 12)
"""Hourly shape of the rate: lower at night."""
WEEKEND: Final = 1.06
RUSH: Final = 0.15
"""Rise of the rate on a month's last three days; traffic rises three times as much."""
FEAST, FEAST_RATE = 0.7, 0.93
"""Traffic and rate on a public holiday."""
PROMOTION: Final = (1.3, 2.0)
PROMOTIONS_A_YEAR: Final = 8.0
MONTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FEASTS: Final = frozenset({0, 41, 42, 43, 44, 45, 46, 94, 120, 121, 168, 260, 273, 274, 275})
CLOCK_CHANGES: Final = {87: 1, 297: -1}
PARTS: Final = np.array([0.0, 2.0, 12.0])
SHARES: Final = np.array([0.2, 0.6, 0.2])
"""Mean delays in minutes of the payments' parts, and their shares: not the detector's parts."""


def calendar_day(day: int) -> CalendarDay:
    """Return the calendar's day of a day of the year."""
    rest = day % YEAR
    for length in MONTHS:
        if rest < length:
            break
        rest -= length
    feast = day % YEAR in FEASTS
    after = (day - 1) % YEAR in FEASTS
    kind = 1 if feast else 3 if after else 0
    shifted = any(one % YEAR in CLOCK_CHANGES for one in (day - 1, day))
    return CalendarDay(day % 7, month_place(rest + 1, length), kind, shifted)


def delay_counts(rng: np.random.Generator, payments: int) -> FloatArray:
    """Return the delays (240,) of payments, by whole minutes."""
    chance = 1.0 / (1.0 + PARTS)
    minutes = rng.geometric(chance[rng.choice(len(PARTS), payments, p=SHARES)]) - 1
    return np.bincount(np.minimum(minutes, 239), minlength=240).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Minute:
    """Minute of the copies of a world.

    Attributes:
        visits: (W, 1 + cities) of all and by city.
        choices: (W, M) of a payment method.
        paid: (W, M) by method.
        paid_cities: (W, cities).
        failed: (W, M) reported failures by method.
    """

    visits: FloatArray
    choices: FloatArray
    paid: FloatArray
    paid_cities: FloatArray
    failed: FloatArray


def gather_minute(visits: IntArray, arrivals: IntArray, paid: IntArray, failed: IntArray) -> Minute:
    """Return a minute of visits (W,), arrivals and payments (W, M + cities), failures (W, M)."""
    methods = len(METHODS)
    numbers = np.concatenate([visits[:, None], arrivals[:, methods:]], axis=1)
    parts = (numbers, arrivals[:, :methods], paid[:, :methods], paid[:, methods:], failed)
    return Minute(*(part.astype(np.float64) for part in parts))


class World:
    """Copies of the world, minute after minute.

    Attributes:
        copies: number of them.
    """

    def __init__(self, seed: int, copies: int, wander: float, traffic: float) -> None:
        """Start the copies before their first minute.

        Args:
            seed: of the copies.
            copies: number of them.
            wander: standard deviation of a day's level of the rate.
            traffic: the same of the traffic.
        """
        self.copies = copies
        self._rng = np.random.default_rng([seed, 12])
        self._wander = np.array([[wander], [traffic]])
        groups = len(METHODS) + len(CITIES)
        self._waiting = np.zeros((copies, groups, len(PARTS)), dtype=np.int64)
        self._level = np.ones((2, copies))
        self._promoted = np.zeros(copies, dtype=np.int64)

    def advance(self, minute: int, silent: Sequence[int] = (), *, reported: bool = False) -> Minute:
        """Return the next minute.

        Args:
            minute: number of the minute; 0 is the midnight of the first day.
            silent: methods whose payments all fail.
            reported: the failed payments are reported.
        """
        arrivals, chance, visits = self._arrive(minute, 1)
        methods = len(METHODS)
        paid = self._pay(self._rng.binomial(arrivals, chance))
        failed = self._rng.binomial(arrivals[:, :methods], FAILS)
        for method in silent:
            if reported:
                failed[:, method] += paid[:, method]
            paid[:, method] = 0
        return gather_minute(visits, arrivals, paid, failed)

    def sum_hour(self, minute: int) -> Minute:
        """Return the sums of an hour that begins at a minute: its payments come at once."""
        arrivals, chance, visits = self._arrive(minute, HOUR)
        failed = self._rng.binomial(arrivals[:, : len(METHODS)], FAILS)
        return gather_minute(visits, arrivals, self._rng.binomial(arrivals, chance), failed)

    def _arrive(self, minute: int, length: int) -> tuple[IntArray, FloatArray, IntArray]:
        """Return arrivals (W, M + cities) of some minutes, their chance to pay, and visits (W,)."""
        rate, traffic = self._means(minute, length)
        visits = self._rng.poisson(PEAK * traffic * length)
        choices = self._rng.multinomial(self._rng.binomial(visits, CHOICE), METHODS)
        cities = np.stack([self._rng.binomial(visits, share) for share in CITIES], axis=1)
        chances = np.array([1.0 / CHOICE] * len(METHODS) + [1.0] * len(CITIES))
        chance = np.minimum(rate[:, None] * chances, MOST)
        return np.concatenate([choices, cities], axis=1), chance, visits

    def _means(self, minute: int, length: int) -> tuple[FloatArray, FloatArray]:
        """Return the rate (W,) and the traffic (W,), relative to the evening's, of some minutes."""
        day, hour = minute // DAY, minute % DAY / HOUR
        if minute % DAY == 0:
            self._level = np.exp(self._wander * self._rng.normal(size=(2, self.copies)))
        of_year = day % YEAR
        place = int(hour + CLOCK_CHANGES.get(of_year, 0)) % 24
        begins = self._rng.random(self.copies) < length * PROMOTIONS_A_YEAR / (YEAR * DAY)
        lasts = self._rng.integers(6 * HOUR, 3 * DAY, self.copies) if begins.any() else 0
        self._promoted = np.where(begins, lasts, np.maximum(self._promoted - length, 0))
        promoted = self._promoted > 0
        weekend, feast = day % 7 >= 5, of_year in FEASTS  # noqa: PLR2004
        rush = calendar_day(day).month_place >= 28  # noqa: PLR2004
        rate = RATE * HABIT[place] * (WEEKEND if weekend else 1.0) * (FEAST_RATE if feast else 1.0)
        traffic = TRAFFIC[place] * (FEAST if feast else 1.0)
        if rush:
            rate, traffic = rate * (1.0 + RUSH), traffic * (1.0 + 3.0 * RUSH)
        return (
            rate * self._level[0] * np.where(promoted, PROMOTION[0], 1.0),
            traffic * self._level[1] * np.where(promoted, PROMOTION[1], 1.0),
        )

    def _pay(self, more: IntArray) -> IntArray:
        """Return the payments (W, groups) of a minute, with those to come of its arrivals."""
        rng = self._rng
        quick = rng.binomial(more, SHARES[0])
        slow = rng.binomial(more - quick, SHARES[1] / (1.0 - SHARES[0]))
        self._waiting[..., 1] += slow
        self._waiting[..., 2] += more - quick - slow
        paid = quick
        for part in (1, 2):
            gone = rng.binomial(self._waiting[..., part], 1.0 / (1.0 + PARTS[part]))
            self._waiting[..., part] -= gone
            paid = paid + gone
        return paid
