"""Worlds of a first day: visitors, a written truth, and an operator's own rule.

In ten the rule is best, in ten it is far off, in ten no variant matters, and ten are like the bench
(`world.toml`) with other rates, decays and rules. Everything of a world follows from its seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.simulation.world import World
from bandits.units import DAY
from benchmarks.learners_players import slot_config
from benchmarks.learners_world import load_world

PAGES: Final = ("home", "recharge")
CHANNELS: Final = ("web", "wap", "app")
SLOT: Final = "denomination"
SHIPPED: Final = {"denomination": "50", "banner": "data_draw", "sms_timing": "end"}
"""Fallbacks of the shipped slots, in the bench's arms."""
LADDER: Final = ("10", "30", "50", "100", "300", "500")
PER_DAY: Final = 3_300.0
"""Visitors a day, as in the bench."""


@dataclass(frozen=True, eq=False)
class FirstDayWorld:
    """World of one seed, for N visitors.

    Attributes:
        config: the slot, as `bandits.make_learner` takes it.
        contexts: columns (N,).
        at: (N,) arrival in seconds, ascending.
        truth: (N, K) expected conversions of each arm inside the window.
        delay: (N,) seconds from exposure to conversion; infinite where the window misses it.
    """

    config: Mapping[str, object]
    contexts: Mapping[str, AnyArray]
    at: FloatArray
    truth: FloatArray
    delay: FloatArray


Maker = Callable[[int, int, Mapping[str, object]], FirstDayWorld]


def plain_world(seed: int, n: int, policy: Mapping[str, object], *, kind: str) -> FirstDayWorld:
    """Return a world of a few variants without numbers, on two pages and three channels."""
    rng = np.random.default_rng([seed, 17, len(kind)])
    arms = int(rng.integers(3, 7))
    contexts: dict[str, AnyArray] = {
        "page": rng.choice(PAGES, n),
        "channel": rng.choice(CHANNELS, n, p=[0.45, 0.15, 0.4]),
        "mobile_before": rng.random(n) < 0.35,  # noqa: PLR2004 - as in the bench
    }
    level = 10.0 ** rng.uniform(-2.0, -0.8) * np.where(contexts["mobile_before"], 3.0, 1.0)
    own = rng.integers(0, arms, len(PAGES))
    factors = _factors(rng, kind, own, arms)
    page = np.searchsorted(PAGES, contexts["page"])
    truth = np.minimum(level[:, None] * factors[page], 0.9)
    names = [f"v{i}" for i in range(arms)]
    fallback = {"default": names[own[0]], "recharge": names[own[1]]}
    rule = {"by": "page", "arms": dict(zip(PAGES, (names[i] for i in own), strict=True))}
    return FirstDayWorld(
        config={
            "arms": [{"name": name} for name in names],
            "context": [
                {"name": "page", "kind": "category", "cells": list(PAGES)},
                {"name": "channel", "kind": "category", "cells": list(CHANNELS)},
                {"name": "mobile_before", "kind": "flag"},
            ],
            "policy": dict(policy),
            # Half of the operators write their rule down, half show a fallback.
            **({"rule": rule} if seed % 2 else {"fallback": fallback}),
        },
        contexts=contexts,
        at=np.sort(rng.uniform(0.0, n / PER_DAY * DAY, n)),
        truth=truth,
        delay=rng.exponential(720.0, n),
    )


def _factors(rng: np.random.Generator, kind: str, own: IntArray, arms: int) -> FloatArray:
    """Return the worth (pages, K) of each arm beside the best."""
    if kind == "noise":
        return np.ones((len(own), arms))
    if kind == "rule best":
        factors = rng.uniform(0.2, 0.95, (len(own), arms))
        factors[np.arange(len(own)), own] = 1.0
        return factors
    factors = rng.uniform(0.2, 0.6, (len(own), arms))
    best = (own + rng.integers(1, arms, len(own))) % arms
    factors[np.arange(len(own)), best] = 1.0
    return factors


def bench_world(
    seed: int,
    n: int,
    policy: Mapping[str, object],
    *,
    varied: bool = True,
    off: int = 0,
    slot: str = SLOT,
) -> FirstDayWorld:
    """Return the bench's world, or one like it; the rule is the last amount.

    Args:
        seed: of the world.
        n: number of visitors: the first of the bench's 100,000.
        policy: the slot's table.
        varied: other rates and decays than the bench's.
        off: places by which the amount that the rule is told differs from the true one.
        slot: of the bench; the operator's own fallback is that of the shipped slot.
    """
    rng = np.random.default_rng([seed, 19])
    tables = dict(load_world().tables)
    if varied:
        form = dict(tables["slot"][SLOT])
        form["base"] = float(form["base"]) * rng.uniform(0.5, 4.0)
        form["decay"] = rng.uniform(0.2, 0.9)
        tables["slot"] = {SLOT: form}
    world = World(tables)
    who = world.sample(np.random.default_rng([seed, 1]))
    delay = world.delays(slot, len(who.at), np.random.default_rng([seed, 2]))[:n]
    contexts = {name: who.context[name][:n] for name in world.tables["context"]}
    if off:
        contexts["last_amount"] = shift_amounts(contexts["last_amount"], off)
    rule = {"prior": "last_amount"} if slot == SLOT else {}
    fallback = {"fallback": {"default": SHIPPED[slot]}}
    return FirstDayWorld(
        config=slot_config(world, slot, {**rule, **policy}) | fallback,
        contexts=contexts,
        at=who.at[:n],
        truth=world.truth(slot, who)[:n],
        delay=np.where(delay <= world.window(slot), delay, np.inf),
    )


def shift_amounts(column: AnyArray, places: int) -> AnyArray:
    """Return the amounts moved up the ladder by some places, or down where it ends."""

    def moved(value: object) -> str:
        if str(value) not in LADDER:
            return str(value)
        place = LADDER.index(str(value)) + places
        return LADDER[place if place < len(LADDER) else place - 2 * places]

    return np.array([moved(value) for value in column.tolist()])
