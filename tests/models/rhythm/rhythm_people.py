"""People with a known rhythm, and integrals by brute force, for the tests of rhythms."""

from __future__ import annotations

from itertools import pairwise
from math import exp, lgamma, log

import numpy as np
from scipy.integrate import quad

from bandits.arrays import IntArray
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm


def rhythm(
    regularity: int = 1,
    rate: tuple[float, float] = (1.5, 60.0),
    leaving: tuple[float, float] = (0.8, 200.0),
) -> Rhythm:
    """Return a rhythm with these gamma distributions."""
    return Rhythm(regularity, *rate, *leaving, 1_000, 5_000, "2026-11-30", -1.0)


def draw_purchases(
    world: Rhythm, people: int, days: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Draw the purchases of people under a rhythm: people and days (n,)."""
    who, day = [], []
    for person in range(people):
        pace = rng.gamma(world.rate_shape) / world.rate_scale
        life = rng.exponential() * world.leaving_scale / rng.gamma(world.leaving_shape)
        now = first = rng.uniform(0.0, days / 4)
        while now < days and now - first < life:
            who.append(person)
            day.append(int(now))
            now += rng.gamma(world.regularity) / pace
    return np.array(who, dtype=np.int64), np.array(day, dtype=np.int64)


def alive_by_force(world: Rhythm, history: PurchaseHistory) -> float:
    """Return the probability of having stayed by integrals over rate and time of leaving."""
    stays = _weight(world, history, history.age) * _survival(world, history.age)

    def left(moment: float) -> float:
        begin = world.leaving_scale + moment
        density = world.leaving_shape / begin * _survival(world, moment)
        return density * _weight(world, history, moment)

    points = [history.span + history.silent * one for one in (0.01, 0.05, 0.2, 0.5)]
    gone, _ = quad(left, history.span, history.age, limit=400, points=points)
    return float(stays / (stays + gone))


def _survival(world: Rhythm, moment: float) -> float:
    return float((world.leaving_scale / (world.leaving_scale + moment)) ** world.leaving_shape)


def _weight(world: Rhythm, history: PurchaseHistory, moment: float) -> float:
    """Return the likelihood of the purchases, and of silence until a moment, over all rates."""
    stages = world.regularity * history.repeats
    silent = moment - history.span
    shape = world.rate_shape + stages
    peak = shape / (world.rate_scale + history.span)

    def at_rate(rate: float) -> float:
        mean = rate * silent
        quiet = sum(mean**n * exp(-mean - lgamma(n + 1)) for n in range(world.regularity))
        height = (shape - 1.0) * log(rate / peak) - (world.rate_scale + history.span) * rate
        return exp(height + shape) * quiet

    edges = [peak * one for one in (1e-6, 0.05, 0.3, 0.7, 1.0, 1.5, 3.0, 10.0)]
    parts = (quad(at_rate, a, b, limit=200)[0] for a, b in pairwise(edges))
    return float(sum(parts))
