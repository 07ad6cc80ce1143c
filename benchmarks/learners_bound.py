"""How much of the oracle is within reach: players who are told the form of the bench world.

They know every effect, every rate, the law of the delay and the moment of the change. What they
do not know is which of a few candidates holds in each group of visitors:

* denomination: how many places (-2 to 3) the preferred arm lies from the last amount, and where no
  amount is known, which arm is preferred. How an arm falls off with its distance they know;
* banner: which arm is `times` as good, before the change and after it;
* SMS: which arm has which of the three probabilities.

They play Thompson sampling over the candidates, or what is best on average over them, with the
exact likelihood of what has converted and of what has not converted yet, and keep a floor.
A learner that has to find the form as well gets less, but for luck.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations
from typing import TypeAlias

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.simulation.world import Visitors, World
from bandits.units import DAY
from benchmarks.learners_world import Columns

# Groups (n,) and, before the visitor's effect, the rates (n, H, K) of K arms under H candidates.
Candidates: TypeAlias = Callable[[Columns, BoolArray], tuple[IntArray, FloatArray]]


def candidates(world: World, slot: str, groups: str) -> Candidates:
    """The candidates for the truth of a slot.

    Args:
        world: the bench world, or one of its form.
        slot: the slot's name.
        groups: of the denomination. `rules`: those that the world's rule speaks of, so that all
            visitors of a stage that changes nothing are one; `visitors`: every tier, stage and
            channel, before and after the change; `cells`: each of these for each last amount,
            with any arm preferred, wherever the last amount lies.
    """
    table = world.tables["slot"][slot]
    if "decay" in table:
        return lambda contexts, changed: _denomination(world, slot, groups, contexts, changed)
    if "good" in table:
        times = np.eye(len(table["arms"])) * (float(table["good"]["times"]) - 1.0) + 1.0
        every = float(table["base"]) * times
        return lambda _, changed: (changed.astype(np.int64), np.tile(every, (len(changed), 1, 1)))
    orders = np.array(list(permutations([float(table["p"][arm]) for arm in table["arms"]])))
    return lambda _, changed: (
        np.zeros(len(changed), dtype=np.int64),
        np.tile(orders, (len(changed), 1, 1)),
    )


def _denomination(
    world: World, slot: str, groups: str, contexts: Columns, changed: BoolArray
) -> tuple[IntArray, FloatArray]:
    table = world.tables["slot"][slot]
    amounts, last = np.array(table["arms"]), contexts["last_amount"]
    arms = np.arange(len(amounts))
    preferred = np.tile(arms, (len(last), 1))
    if groups != "cells":
        moved = np.searchsorted(amounts, last)[:, None] + arms - 2
        near = np.clip(moved, 0, len(arms) - 1)
        preferred = np.where(last[:, None] > 0, near, preferred)
    distance = np.abs(arms - preferred[:, :, None])
    rates = float(table["base"]) * np.exp(-float(table["decay"]) * distance)
    return _groups(world, groups, contexts, changed), rates


def _groups(world: World, groups: str, contexts: Columns, changed: BoolArray) -> IntArray:
    """A number (n,) for each group of the denomination."""
    known, tier = contexts["last_amount"] > 0, contexts["city_tier"]
    stage, channel = contexts["stage"], contexts["channel"]
    if groups == "rules":
        rule = np.where(stage == "warning", 1, 2 * ((stage == "growth") & (channel == "app")))
        by: list[AnyArray] = [known, rule, np.where(known, 0, tier), changed & (tier == 1)]
    else:
        codes = [_code(world, contexts, name) for name in ("stage", "channel")]
        by = [contexts["last_amount"] if groups == "cells" else known, tier, *codes, changed]
    group = np.zeros(len(tier), dtype=np.int64)
    for column in by:
        group = group * 16 + column
    return group


def _code(world: World, contexts: Columns, name: str) -> IntArray:
    """A number for each value (n,), the same in every batch: its place among the world's own."""
    return np.searchsorted(np.sort(list(world.tables["context"][name])), contexts[name])


def arrived(world: World, slot: str, age: FloatArray) -> FloatArray:
    """The share (n,) of conversions that have come at an age in seconds; a late one never comes."""
    age = np.minimum(age, world.window(slot))
    parts = world.tables["slot"][slot]["delay"]
    came = [p["share"] * -np.expm1(-age / (p["mean_minutes"] * 60.0)) for p in parts]
    share: FloatArray = np.sum(came, axis=0) / sum(p["share"] for p in parts)
    return share


@dataclass
class KnowsTheForm:
    """A player for one slot of the bench world, or of one of its form.

    Attributes:
        world: the world.
        slot: the slot's name.
        seed: of the draws.
        groups: see `candidates`.
        average: plays what is best on average over the candidates, and explores by the floor
            alone; else Thompson sampling.
        floor: the least probability of an arm.
    """

    world: World
    slot: str
    seed: int
    groups: str
    average: bool
    floor: float
    _group: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _rate: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    _time: FloatArray = field(default_factory=lambda: np.zeros(0))
    _hits: list[int] = field(default_factory=list)
    _posterior: dict[int, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is known yet."""
        self._rng = np.random.default_rng(self.seed)
        self._candidates = candidates(self.world, self.slot, self.groups)
        # A slot whose rate is the same for all shows what the visitor does to it.
        self._one = 1e-3
        slot = {"one": {"arms": ["one"], "p": {"one": self._one}}}
        self._effects = World({**self.world.tables, "slot": slot})

    def publish(self, at: float) -> None:
        """The log-likelihood of each candidate in each group, of all that is known by now."""
        came = arrived(self.world, self.slot, at - self._time)[:, None]
        # The time at which it came says nothing of the candidates.
        value = np.log1p(-self._rate * came)
        value[self._hits] = np.log(self._rate[self._hits])
        names, place = np.unique(self._group, return_inverse=True)
        total = np.array([np.bincount(place, column) for column in value.T]).T
        self._posterior = dict(zip(names.tolist(), total, strict=True))

    def choose(self, ids: IntArray, contexts: Columns) -> IntArray:
        """The best arm of a candidate drawn from the posterior, or on average over it."""
        group, rates = self._candidates(contexts, self._changed(ids))
        weight = self._weights(group, rates.shape[1])
        score = (weight[:, :, None] * rates).sum(axis=1)
        # Arms of which the same is known come in any order, or all would be shown the first.
        best = (score + 1e-12 * self._rng.random(score.shape)).argmax(axis=1)
        arms = rates.shape[2]
        any_arm = self._rng.integers(0, arms, len(ids))
        return np.where(self._rng.random(len(ids)) < arms * self.floor, any_arm, best)

    def _weights(self, group: IntArray, count: int) -> FloatArray:
        """For each visitor (n, H): 1 for a candidate that was drawn, or the posterior itself."""
        nothing = np.zeros(count)
        value = np.array([self._posterior.get(name, nothing) for name in group.tolist()])
        if not self.average:
            value = value + self._rng.gumbel(size=value.shape)
            return np.asarray(value == value.max(axis=1, keepdims=True), dtype=np.float64)
        odds = np.exp(value - value.max(axis=1, keepdims=True))
        share: FloatArray = odds / odds.sum(axis=1, keepdims=True)
        return share

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """At once; ids count from 0 as they come."""
        changed = self._changed(ids)
        group, rates = self._candidates(contexts, changed)
        who = Visitors({**contexts, "day": (at // DAY).astype(np.int64) + 1}, at, changed)
        rate = rates[np.arange(len(ids)), :, arms] * self._effects.truth("one", who) / self._one
        self._group = np.append(self._group, group)
        self._rate = np.concatenate([self._rate.reshape(-1, rate.shape[1]), rate])
        self._time = np.append(self._time, at)

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """When it comes."""
        self._hits.extend(ids.tolist())

    def _changed(self, ids: IntArray) -> BoolArray:
        changed: BoolArray = ids >= self.world.tables["change"]["at_visitor"]
        return changed
