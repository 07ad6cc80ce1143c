"""Simulated cases whose truth is known: payments by themselves, and what acting adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from nudge.domain.care.factors.people_table import Grouping
from nudge.domain.loop.loop_cases import WORDS, LoopCases

DAY = 86_400.0
HORIZON = 30.0 * DAY
STAGES = ("home", "amount", "pay")
AGENTS = ("ann", "bo", "cy")
BY_ITSELF = (0.15, 0.3, 0.45)
"""Chance to pay within the horizon without contact, by stage."""


@dataclass(frozen=True)
class LoopWorld:
    """A world of cases.

    Attributes:
        cases: number.
        held: share that is held out.
        adds: agent -> chance to be kept because of the contact, of those who would not pay.
        slow: days until a case is assigned, on average.
    """

    cases: int = 3_000
    held: float = 0.15
    adds: Callable[[IntArray], FloatArray] = lambda agent: np.zeros(len(agent))
    slow: float = 2.0


def draw_cases(world: LoopWorld, seed: int) -> LoopCases:
    """Draw the cases of a world; agents get stages by rule, not by chance."""
    rng, n = np.random.default_rng((23, seed)), world.cases
    opened, held = np.sort(rng.uniform(0.0, 30.0 * DAY, n)), rng.random(n) < world.held
    stage = rng.integers(len(STAGES), size=n)
    alone = np.where(rng.random(n) < np.array(BY_ITSELF)[stage], rng.random(n) * HORIZON, np.nan)
    delay = rng.exponential(world.slow * DAY, n)
    agent = np.where(rng.random(n) < 0.6, stage, rng.integers(len(AGENTS), size=n))
    taken = ~held & ~(alone < delay) & (delay < HORIZON)
    won = taken & np.isnan(alone) & (rng.random(n) < world.adds(agent))
    paid = opened + np.where(won, delay + rng.random(n) * (HORIZON - delay), alone)
    since = np.where(taken, opened + delay, np.nan)
    unknown, none, nothing = np.full(n, -1), np.full(n, np.nan), np.zeros(n)
    words = {word: Grouping(word, unknown, ()) for word in WORDS}
    words["kind"] = Grouping("kind", np.zeros(n, dtype=np.int64), ("winback",))
    words["rule"] = Grouping("rule", np.zeros(n, dtype=np.int64), ("left_pay",))
    words["stage"] = Grouping("stage", stage, STAGES)
    words["agent"] = Grouping("agent", np.where(taken, agent, -1), AGENTS)
    return LoopCases(
        visitor=np.arange(n),
        held=held,
        opened=opened,
        assigned=since,
        agent_since=since,
        contacted=np.where(rng.random(n) < 0.8, since + 60.0, np.nan),
        reached=none,
        granted=none,
        said=none,
        paid=paid,
        contacts=taken.astype(np.float64),
        contact_cost=nothing,
        talk_seconds=nothing,
        grant_cost=nothing,
        revenue=np.where(np.isnan(paid), 0.0, 50.0),
        words=words,
    )
