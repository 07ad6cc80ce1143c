"""One slot of a simulated world, played by one learner: the protocol of the bench.

The player publishes before each full batch of the world (500 visitors on the bench). By news it
does so as the service does, after tens of visitors at the start: other figures, another protocol.
"""

import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.simulation.world import Visitors, World
from lab.simulate.offline import batches

WORLD = Path(__file__).with_name("world.toml")
Columns = Mapping[str, AnyArray]


class Player(Protocol):
    """A learner as the bench knows it: it sees contexts, its own arms, and conversions."""

    def publish(self, at: float) -> None:
        """Whatever it does before a batch, at the time of the batch's first visitor."""
        ...

    def choose(self, ids: IntArray, contexts: Columns) -> IntArray:
        """Arms (n,) for n visitors."""
        ...

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """The arms were shown."""
        ...

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """These visitors converted, at these times."""
        ...


@dataclass(frozen=True)
class Played:
    """The result of a run.

    Attributes:
        value: expected conversions inside the window of the arms that were chosen.
        oracle: those of the best arm for each visitor.
        seconds: CPU seconds of the learner and the simulation.
        arms: (n,) the arms chosen.
        best: (n,) the best arms.
        changed: (n,) whether the visitor came after the world's change.
    """

    value: float
    oracle: float
    seconds: float
    arms: IntArray
    best: IntArray
    changed: BoolArray

    @property
    def share(self) -> float:
        """The share of the oracle's conversions."""
        return self.value / self.oracle

    def shown_after_change(self, within: int = 10_000, window: int = 1_000) -> int | None:
        """Visitors from the change until the best arm is shown to 80 % of `window` in a row."""
        after = np.flatnonzero(self.changed)[:within]
        right = (self.arms[after] == self.best[after]).astype(np.float64)
        if len(right) < window:
            return None
        level = np.convolve(right, np.full(window, 1.0 / window), "valid")
        reached = np.flatnonzero(level >= 0.8)  # noqa: PLR2004 - the share that must be shown
        return int(reached[0]) + window if len(reached) else None


def load_world(path: Path = WORLD) -> World:
    """The world of a file."""
    return World(tomllib.loads(path.read_text("utf-8")))


def play(
    world: World,
    slot: str,
    seed: int,
    make: Callable[[], Player],
    visitors: int | None = None,
    *,
    by_news: bool = False,
) -> Played:
    """A run of the world's visitors through one slot.

    Visitors, delays and the chance of each conversion follow from the seed alone, so learners
    are compared on the same visitors.
    """
    who = world.sample(np.random.default_rng([seed, 1]), visitors)
    n = len(who.at)
    truth, rng = world.truth(slot, who), np.random.default_rng([seed, 2])
    delay, chance = world.delays(slot, n, rng), rng.random(n)
    batch, player = int(world.tables["run"]["batch"]), make()
    arms, converted, told = np.full(n, -1), np.full(n, np.inf), np.zeros(n, dtype=np.bool_)
    start = time.process_time()
    for first, behind in batches(n, batch, by_news=by_news):
        part = np.arange(first, behind)
        came = np.flatnonzero((converted[:first] <= who.at[first]) & ~told[:first])
        told[came] = True
        player.reward(came, converted[came])
        player.publish(float(who.at[first]))
        columns = _columns(world, who, part)
        arms[part] = player.choose(part, columns)
        hit = (chance[part] < truth[part, arms[part]]) & (delay[part] <= world.window(slot))
        converted[part] = np.where(hit, who.at[part] + delay[part], np.inf)
        player.expose(part, columns, arms[part], who.at[part])
    seconds = time.process_time() - start
    inside = _inside(world, slot)
    value = truth[np.arange(n), arms].sum() * inside
    oracle = truth.max(axis=1).sum() * inside
    return Played(float(value), float(oracle), seconds, arms, truth.argmax(axis=1), who.changed)


def _columns(world: World, who: Visitors, part: IntArray) -> Columns:
    return {name: who.context[name][part] for name in world.tables["context"]}


def _inside(world: World, slot: str) -> float:
    """The share of conversions whose delay lies inside the window."""
    parts = world.tables["slot"][slot].get("delay", [])
    if not parts:
        return 1.0
    share = np.array([float(part["share"]) for part in parts])
    mean = np.array([float(part["mean_minutes"]) for part in parts]) * 60.0
    return float((share * (1.0 - np.exp(-world.window(slot) / mean))).sum() / share.sum())
