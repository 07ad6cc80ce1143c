"""Campaigns of two factors, with a contact that adds what the test says."""

from __future__ import annotations

import numpy as np

from bandits.arrays import FloatArray
from nudge.domain.care.factors.people_table import Factor, FactorKind
from nudge.domain.winback.contact_table import ContactTable


def draw_contacts(people: int, seed: int, *, few: float = 0.0, all_: float = 0.0) -> ContactTable:
    """Draw people with a flag, which half of them have, and a number; four of five contacted.

    Args:
        people: number.
        seed: of the draws.
        few: what a contact adds to the chance of those who have the flag.
        all_: what it adds to everybody's.
    """
    rng = np.random.default_rng(seed)
    flag = (rng.random(people) < 0.5).astype(float)
    number = rng.normal(size=people)
    contacted = rng.random(people) < 0.8
    chance = 0.2 + 0.05 * np.tanh(number) + contacted * (all_ + few * flag)
    back = (rng.random(people) < chance).astype(float)
    return ContactTable(factors_of(flag, number), contacted, back)


def factors_of(flag: FloatArray, number: FloatArray) -> tuple[Factor, ...]:
    """Return both factors."""
    return (
        Factor("flag", FactorKind.FLAG, flag, ("no", "yes")),
        Factor("number", FactorKind.NUMBER, number),
    )
