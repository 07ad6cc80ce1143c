"""Small tables of people for the tests of factors."""

from __future__ import annotations

import numpy as np

from bandits.arrays import FloatArray
from nudge.domain.care.factors.people_table import Factor, FactorKind, PeopleTable


def draw_people(
    n: int, seed: int, *, score: float = 0.0, flag: float = 0.0, pair: float = 0.0
) -> PeopleTable:
    """Draw people with a score, two flags, a decoy of the score, levels, and noise.

    Args:
        n: people.
        seed: of the draws.
        score: log odds of a point of the network's score.
        flag: log odds of the first flag.
        pair: log odds of both flags together, beyond each.
    """
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    network = np.clip(np.round(7.0 + 1.5 * mood + rng.normal(size=n)), 1, 10)
    first, second = (rng.random((2, n)) < 0.4).astype(np.float64)
    logit = -1.2 + score * (network - 7.0) + flag * first + pair * first * second
    factors = (
        Factor("score_network", FactorKind.NUMBER, network),
        Factor("decoy", FactorKind.NUMBER, np.round(mood, 2)),
        Factor("auto_pay", FactorKind.FLAG, first, ("no", "yes")),
        Factor("dual_sim", FactorKind.FLAG, second, ("no", "yes")),
        Factor("city", FactorKind.LEVELS, rng.integers(0, 3, n).astype(np.float64), tuple("ABC")),
        Factor("noise", FactorKind.NUMBER, rng.normal(size=n)),
    )
    return PeopleTable(factors, left(logit, rng))


def left(logit: FloatArray, rng: np.random.Generator) -> np.ndarray:
    """Draw who left."""
    return rng.random(len(logit)) < 1.0 / (1.0 + np.exp(-logit))
