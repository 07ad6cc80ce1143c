"""Simulated visitors, with the traits that matter by the field notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from nudge.domain.slots.slot import Scalar

AMOUNTS = (10, 30, 50, 100, 300, 500)
"""Denominations on sale, in yuan (field-notes, "The recharge path")."""

CHANNELS = {"web": 0.45, "wap": 0.15, "app": 0.40}
CITY_TIERS = {"1": 0.25, "2": 0.45, "3": 0.30}
STAGES = {"growth": 0.20, "stable": 0.50, "warning": 0.20, "left": 0.10}
VALUE_TIERS = {"high": 0.20, "mid": 0.40, "low": 0.40}
MOBILE_BEFORE = 0.35

LAST_AMOUNTS = {0: 0.22, 10: 0.07, 30: 0.17, 50: 0.26, 100: 0.19, 300: 0.06, 500: 0.03}
"""Share of visitors by the last amount they paid, in yuan; 0: none known."""

WISHED_BY_TIER = {"1": 100, "2": 50, "3": 30}
"""City tier -> wished amount of visitors without last amount: 50 and 100 exceed half of all."""

NUMBERS = {"last_number": 0.55, "frequent_number": 0.40, "own_number": 0.70}
"""Kind of number -> share of visitors for whom it is known."""

T = TypeVar("T")


@dataclass(frozen=True)
class Visitor:
    """A simulated visitor, for one visit.

    Attributes:
        number: number from 0; with the seed it determines all traits.
        city_tier: `1` to `3`.
        stage: lifecycle stage.
        value_tier: `high`, `mid` or `low`.
        last_amount: last amount in yuan; 0: unknown.
        mobile_before: the visitor has used WAP or app before.
        wished: amount that the visitor has in mind, in yuan.
        numbers: kinds of numbers that are known, of `NUMBERS`.
    """

    number: int
    channel: str
    city_tier: str
    stage: str
    value_tier: str
    last_amount: int
    mobile_before: bool
    wished: int
    numbers: frozenset[str]

    def context(self) -> dict[str, Scalar]:
        """Return the context that the front end knows and sends."""
        known: dict[str, Scalar] = {
            "city_tier": self.city_tier,
            "stage": self.stage,
            "tier": self.value_tier,
            "mobile_before": self.mobile_before,
        }
        known |= dict.fromkeys(sorted(self.numbers), True)
        return known | ({"last_amount": self.last_amount} if self.last_amount else {})


def generator(seed: int, number: int) -> np.random.Generator:
    """Make a visitor's own random generator, independent of the order of threads."""
    return np.random.default_rng((seed, number))


def draw_visitor(number: int, rng: np.random.Generator) -> Visitor:
    """Draw a visitor at random."""
    tier = pick(rng, CITY_TIERS)
    last = pick(rng, LAST_AMOUNTS)
    return Visitor(
        number=number,
        channel=pick(rng, CHANNELS),
        city_tier=tier,
        stage=pick(rng, STAGES),
        value_tier=pick(rng, VALUE_TIERS),
        last_amount=last,
        mobile_before=bool(rng.random() < MOBILE_BEFORE),
        wished=last or WISHED_BY_TIER[tier],
        numbers=frozenset(name for name, share in NUMBERS.items() if rng.random() < share),
    )


def pick(rng: np.random.Generator, shares: Mapping[T, float]) -> T:
    """Draw one key at random, by its share; shares sum to 1."""
    at, names = rng.random(), list(shares)
    for name in names:
        at -= shares[name]
        if at < 0:
            return name
    return names[-1]  # rounding


def distance(amount: int, wished: int, amounts: Sequence[int] = AMOUNTS) -> int:
    """Return the number of steps between two amounts in the list of denominations."""
    return abs(amounts.index(amount) - amounts.index(wished))
