"""Worlds of unlike kind, made from a few numbers: what a learner meets that was not tuned there.

An arm's logit is its own level, plus a visitor's level, plus what the arm has with each attribute:
a coefficient for each value of a category, a smooth curve or a threshold of a number. All are
drawn from the seed. At each change the arms' own levels and curves are drawn anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bandits.arrays import AnyArray, FloatArray
from bandits.simulation.world import Visitors, World
from bandits.units import DAY


@dataclass(frozen=True, kw_only=True)
class MadeWorld(World):
    """One slot, called by the world's name.

    Attributes:
        name: of the world and its slot.
        count: number of arms K.
        rate: the conversion rate of a middling arm.
        own: spread of the arms' levels, on the logit scale.
        fit: spread of what an arm has with each attribute that matters.
        level: spread of what an attribute does to all arms alike.
        categories: values of each category.
        numbers: how many numeric attributes there are.
        matter: how many attributes, from the first on, have to do with the arms.
        steps: whether a number acts by a threshold instead of a curve.
        changes: shares of the visitors after which the arms are drawn anew.
        made: the seed of the coefficients.
    """

    name: str
    count: int
    rate: float
    own: float = 0.5
    fit: float = 0.5
    level: float = 0.5
    categories: tuple[int, ...] = ()
    numbers: int = 0
    matter: int = 99
    steps: bool = False
    changes: tuple[float, ...] = ()
    made: int = 0

    def config(self, policy: Mapping[str, object]) -> dict[str, object]:
        """The slot's configuration; numbers come without cut points."""
        cats = [
            {"name": f"c{i}", "cells": [f"v{j}" for j in range(size)]}
            for i, size in enumerate(self.categories)
        ]
        nums = [{"name": f"n{i}", "kind": "number"} for i in range(self.numbers)]
        arms = [{"name": arm} for arm in self.arms(self.name)]
        return {"arms": arms, "context": [*cats, *nums], "policy": dict(policy)}

    def sample(self, rng: np.random.Generator, n: int | None = None) -> Visitors:
        """Uniform categories, standard normal numbers."""
        run = self.tables["run"]
        n = int(run["visitors"]) if n is None else n
        at = np.sort(rng.uniform(0.0, float(run["days"]) * DAY, n))
        context: dict[str, AnyArray] = {
            f"c{i}": np.array([f"v{j}" for j in range(size)])[rng.integers(0, size, n)]
            for i, size in enumerate(self.categories)
        }
        context |= {f"n{i}": rng.standard_normal(n) for i in range(self.numbers)}
        first = self.changes[0] if self.changes else np.inf
        return Visitors(context, at, np.arange(n) >= first * n)

    def truth(self, slot: str, visitors: Visitors) -> FloatArray:
        """Probabilities (n, K), before delay."""
        n = len(visitors.at)
        era = np.searchsorted(np.array(self.changes) * n, np.arange(n), side="right")
        logits = np.zeros((n, self.count))
        for k in range(len(self.changes) + 1):
            here = era == k
            logits[here] = self._logits({c: v[here] for c, v in visitors.context.items()}, k)
        p: FloatArray = 1.0 / (1.0 + np.exp(-logits))
        return p

    def _logits(self, context: Mapping[str, AnyArray], era: int) -> FloatArray:
        rng = np.random.default_rng([self.made, era])
        lasting = np.random.default_rng([self.made, 99])
        middle = np.log(self.rate / (1.0 - self.rate))
        total = middle + self.own * rng.standard_normal(self.count)[None, :]
        for place, column in enumerate(context.values()):
            alike = self.level * self._effect(column, 1, lasting)
            with_arm = self.fit * self._effect(column, self.count, rng)
            total = total + alike + with_arm * (place < self.matter)
        return np.asarray(total, dtype=np.float64)

    def _effect(self, column: AnyArray, width: int, rng: np.random.Generator) -> FloatArray:
        """Effects (n, width) of spread about 1 of an attribute."""
        if column.dtype.kind != "f":
            _, code = np.unique(column, return_inverse=True)
            return rng.standard_normal((int(code.max(initial=0)) + 1, width))[code]
        if self.steps:
            cut, sign = rng.normal(0.0, 0.5, width), rng.choice([-1.0, 1.0], width)
            return np.asarray(np.where(column[:, None] > cut, sign, -sign))
        slope, phase = rng.standard_normal(width), rng.uniform(0.0, 6.3, width)
        return np.asarray(slope * column[:, None] + 0.5 * np.sin(2.0 * column[:, None] + phase))


def made(  # noqa: D417 - the rest are fields
    name: str, count: int, rate: float, *, days: float = 14.0, visitors: int = 40_000,
    delay: tuple[float, float] = (10.0, 1.0), **fields: object,
) -> MadeWorld:  # fmt: skip
    """A world of these fields.

    Args:
        delay: mean in minutes and window in days.
    """
    slot = {
        "arms": [f"a{i}" for i in range(count)],
        "window_days": delay[1],
        "delay": [{"share": 1.0, "mean_minutes": delay[0]}],
    }
    run = {"days": days, "visitors": visitors, "batch": 500, "seeds": [1, 2]}
    context = {f"c{i}": None for i in range(len(fields.get("categories", ())))}  # type: ignore[arg-type]
    context |= {f"n{i}": None for i in range(int(fields.get("numbers", 0)))}  # type: ignore[call-overload]
    tables = {"run": run, "context": context, "slot": {name: slot}}
    return MadeWorld(tables, name=name, count=count, rate=rate, **fields)  # type: ignore[arg-type]


WORLDS = (
    made("two-arms", 2, 0.03, own=0.15, fit=0.0, categories=(3,)),
    made("large-effects", 4, 0.05, own=1.0, fit=1.0, categories=(3, 2, 4), made=1),
    made("slow-12-arms", 12, 0.03, categories=(3, 4), numbers=1, delay=(2880.0, 7.0), days=30.0),
    made("sparse-20-arms", 20, 0.008, own=0.8, fit=0.3, categories=(4, 2), made=2),
    made("noise-columns", 4, 0.03, own=0.4, fit=0.7, categories=(3,) * 10, matter=1, made=3),
    made("numbers", 5, 0.04, own=0.3, fit=0.7, numbers=3, made=4),
    made("thresholds", 5, 0.04, own=0.3, fit=0.5, categories=(2,), numbers=2, steps=True, made=5),
    made("restless", 5, 0.03, own=0.8, fit=0.4, categories=(3, 2), changes=(0.2, 0.45, 0.7),
         made=6),
    made("pure-noise", 6, 0.03, own=0.0, fit=0.0, categories=(3, 4), made=7),
)  # fmt: skip
