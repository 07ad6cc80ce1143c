"""The learners of the bench: ours by its public contract, VW and MABWiser by theirs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import bandits
from bandits.arrays import FloatArray, IntArray
from bandits.simulation.world import World
from benchmarks.learners_features import OneHot
from benchmarks.learners_world import Columns

DAY = 86400.0


def slot_config(world: World, slot: str, policy: Mapping[str, object]) -> dict[str, object]:
    """A slot's configuration: arms with their amounts, the world's context, a policy table."""
    arms = [
        {"name": arm, "attributes": {"amount": float(arm)} if arm.isdigit() else {}}
        for arm in world.arms(slot)
    ]
    context = [
        {"name": name, "kind": "category", "cells": list(law)}
        if isinstance(law, Mapping)
        else {"name": name, "kind": "flag"}
        for name, law in world.tables["context"].items()
    ]
    return {"arms": arms, "context": context, "policy": dict(policy)}


class Ours:
    """`bandits`, by its public contract alone."""

    def __init__(self, config: Mapping[str, object], seed: int) -> None:
        self._learner = bandits.make_learner(config, seed=seed)
        self._seed = seed

    def publish(self, at: float) -> None:
        """A snapshot through bytes, as the web process gets it."""
        self._policy = bandits.load_policy(self._learner.snapshot(at))

    def choose(self, ids: IntArray, contexts: Columns) -> IntArray:
        """A draw from the distribution, by key."""
        return self._policy.draw(self._policy.distribution(contexts), ids + self._seed * 10**8)

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """At once."""
        self._learner.expose(ids, contexts, arms, at)

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """When it comes."""
        self._learner.reward(ids, np.ones(len(ids)), at)


@dataclass
class HandRule:
    """Without learning: the last amount where there is such an arm, else 50; or a fixed arm."""

    arms: tuple[str, ...]

    def publish(self, at: float) -> None:
        """Nothing to publish."""

    def choose(self, ids: IntArray, contexts: Columns) -> IntArray:
        """By the last amount."""
        fallback = self.arms.index("50") if "50" in self.arms else 0
        if "last_amount" not in contexts:
            return np.full(len(ids), fallback)
        places = {arm: i for i, arm in enumerate(self.arms)}
        return np.array([places.get(str(v), fallback) for v in contexts["last_amount"].tolist()])

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """Nothing to learn."""

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """Nothing to learn."""


@dataclass
class VowpalWabbit:
    """`--cb_explore_adf` with arms, their amounts and all pairs of context and arm.

    An exposure is learned with cost 0 at once, and its conversion with cost -1 when it comes,
    which is what served VW best in step with the protocol.
    """

    arms: tuple[str, ...]
    options: str
    seed: int
    _open: dict[int, tuple[list[str], int, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start a workspace."""
        import vowpalwabbit  # noqa: PLC0415 - bench only

        self._vw = vowpalwabbit.Workspace(f"--quiet --random_seed {self.seed} {self.options}")
        self._rng = np.random.default_rng(self.seed)
        self._lines = [f"|a arm={arm}" for arm in self.arms]

    def publish(self, at: float) -> None:
        """VW learns online; there is nothing to publish."""

    def choose(self, ids: IntArray, contexts: Columns) -> IntArray:
        """A draw from VW's own distribution."""
        columns = {
            # A number is a feature with a value, anything else a feature of its own.
            f"{name}{':' if column.dtype.kind == 'f' else '='}": column.tolist()
            for name, column in contexts.items()
        }
        arms = np.empty(len(ids), dtype=np.int64)
        for i, name in enumerate(ids.tolist()):
            shared = " ".join(f"{key}{values[i]}" for key, values in columns.items())
            example = [f"shared |s {shared}", *self._lines]
            pmf = np.array(self._vw.predict(example))
            arms[i] = self._rng.choice(len(pmf), p=pmf / pmf.sum())
            self._open[name] = (example, int(arms[i]), float(pmf[arms[i]]))
        return arms

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """Cost 0 at once."""
        for name in ids.tolist():
            self._learn(name, 0.0)

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """Cost -1 when it comes."""
        for name in ids.tolist():
            self._learn(name, -1.0)

    def _learn(self, name: int, cost: float) -> None:
        example, arm, p = self._open[name]
        labelled = list(example)
        labelled[arm + 1] = f"0:{cost}:{p} {labelled[arm + 1]}"
        self._vw.learn(labelled)


@dataclass
class MabWiser:
    """A contextual MABWiser policy over one-hot contexts, refitted on a sliding window."""

    arms: int
    policy: str
    parameters: Mapping[str, Any]
    days: float
    seed: int
    every: int = 10

    def __post_init__(self) -> None:
        """An empty log."""
        self._x: list[FloatArray] = []
        self._arm: list[IntArray] = []
        self._at: list[FloatArray] = []
        self._hits: dict[int, float] = {}
        self._published, self._mab = 0, None
        self._one_hot = OneHot()

    def publish(self, at: float) -> None:
        """Refit on the window, every few batches."""
        from mabwiser.mab import MAB, LearningPolicy  # noqa: PLC0415 - bench only

        self._published += 1
        if not self._x or (self._published - 2) % self.every:
            return
        times = np.concatenate(self._at)
        recent = np.flatnonzero(times > at - self.days * DAY)
        rewards = np.zeros(len(times))
        rewards[list(self._hits)] = 1.0
        learning = getattr(LearningPolicy, self.policy)(**self.parameters)
        self._mab = MAB(list(range(self.arms)), learning, seed=self.seed + self._published)
        arms = np.concatenate(self._arm)[recent]
        if self.policy.startswith("Lin"):
            self._mab.fit(arms, rewards[recent], np.concatenate(self._x)[recent])
        else:
            self._mab.fit(arms, rewards[recent])

    def choose(self, ids: IntArray, contexts: Columns) -> IntArray:
        """Its own choice; uniform before the first fit."""
        x = self._one_hot.rows(contexts)
        if self._mab is None:
            return np.random.default_rng(self.seed).integers(0, self.arms, len(ids))
        if self._mab.is_contextual:
            return np.array(self._mab.predict(x), dtype=np.int64).reshape(-1)
        return np.array([self._mab.predict() for _ in ids], dtype=np.int64)

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """At once, with reward 0."""
        self._x.append(self._one_hot.rows(contexts))
        self._arm.append(arms)
        self._at.append(at)

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """When it comes."""
        self._hits.update(dict.fromkeys(ids.tolist(), 1.0))
