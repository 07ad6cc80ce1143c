"""Comparison of learners in a world with known truth, through the public contract of `bandits`.

All learners of a seed meet the same visitors with the same luck: a visitor who is shown the same
arm does the same. So learners differ only by the arms that they chose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

import bandits
from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.config import LearnerConfig
from bandits.simulation.world import Visitors, World
from lab.simulate.offline_world import Competitor, config_of
from nudge.domain.slots.snapshot_pace import news_batches

POINTS = 200
"""Intervals of a regret curve."""
LAST = 5
"""The last 1 / LAST of the visitors measure the end state of a learner."""
_KEYS = 10**12
"""Distance between the draw keys of two slots."""


@dataclass(frozen=True, eq=False)
class LearnerStage:
    """The stage on which all learners of a seed play a slot: visitors, truth and luck.

    Attributes:
        number: number of seed and slot, from which all draws derive.
        visitors: n visitors, in the order of their arrival.
        truth: (n, K) probabilities of a conversion.
        luck: (n,) in [0, 1): the visitor converts if it is below the probability.
        paid_at: (n,) time of a conversion, in seconds; infinite if the window misses it.
    """

    slot: str
    number: int
    visitors: Visitors
    truth: FloatArray
    luck: FloatArray
    paid_at: FloatArray


@dataclass(frozen=True, eq=False)
class LearnerRun:
    """The result of a learner in a slot with a seed.

    Attributes:
        learner: name of the learner, as it was given.
        seed: seed of the world.
        expected: expected conversions of the arms that it chose.
        oracle: expected conversions of the best arm for each visitor.
        late: expected and oracle, over the last fifth of the visitors.
        regret: (POINTS + 1,) oracle minus expected up to equally spaced visitors, from 0 on.
    """

    learner: str
    slot: str
    seed: int
    expected: float
    oracle: float
    late: tuple[float, float]
    regret: FloatArray

    @classmethod
    def from_probabilities(
        cls, learner: str, slot: str, seed: int, chosen: FloatArray, best: FloatArray
    ) -> LearnerRun:
        """Compute the result from the probabilities (n,) of the chosen and of the best arms."""
        begin = len(chosen) - len(chosen) // LAST
        places = np.linspace(0, len(chosen), POINTS + 1).astype(np.int64)
        regret = np.concatenate([[0.0], np.cumsum(best - chosen)])[places]
        late = float(chosen[begin:].sum()), float(best[begin:].sum())
        return cls(learner, slot, seed, float(chosen.sum()), float(best.sum()), late, regret)


def compare(
    world: World,
    competitors: Sequence[Competitor],
    seeds: Sequence[int],
    visitors: int,
    look: Callable[[int], None] = lambda _: None,
    *,
    by_news: bool = False,
) -> list[LearnerRun]:
    """Play all learners in all slots that they know, with all seeds.

    Args:
        world: world with a known truth.
        competitors: learners to compare.
        seeds: seeds of visitors and learners.
        visitors: number of visitors of a run.
        look: called with the number of visitors after each batch.
        by_news: publish young learners early, as the service does; else every batch is full.

    Raises:
        InvalidRequestError: a learner's configuration is invalid.
    """
    found: list[LearnerRun] = []
    for stage, seed in stages(world, seeds, visitors):
        for one in competitors:
            config = config_of(world, stage.slot, one)
            if config is None:
                continue
            chosen = play(stage, config, seed, batch_of(world), look, by_news=by_news)
            best = stage.truth.max(axis=1)
            run = LearnerRun.from_probabilities(one.name, stage.slot, seed, chosen, best)
            found.append(run)
    return found


def stages(world: World, seeds: Sequence[int], visitors: int) -> Iterator[tuple[LearnerStage, int]]:
    """Yield the stage of each seed and slot, with the seed."""
    for seed, (i, slot) in product(seeds, enumerate(world.slots)):
        came = world.sample(np.random.default_rng(seed), visitors)
        number = seed * len(world.slots) + i
        rng = np.random.default_rng([seed, i])
        delay = world.delays(slot, visitors, rng)
        paid_at = np.where(delay <= world.window(slot), came.at + delay, np.inf)
        truth = world.truth(slot, came)
        yield LearnerStage(slot, number, came, truth, rng.random(visitors), paid_at), seed


def batch_of(world: World) -> int:
    """Return the number of visitors between two snapshots."""
    return int(world.tables["run"].get("batch", 500))


def batches(visitors: int, most: int, *, by_news: bool) -> Iterator[tuple[int, int]]:
    """Yield the first visitor of each batch and the one behind its last."""
    if by_news:
        return news_batches(visitors, most)
    return ((start, min(visitors, start + most)) for start in range(0, visitors, most))


def play(
    stage: LearnerStage,
    config: LearnerConfig,
    seed: int,
    batch: int,
    look: Callable[[int], None],
    *,
    by_news: bool = False,
) -> FloatArray:
    """Play a learner on a stage; return the probabilities (n,) of the arms that it chose.

    Every `batch` visitors the learner gets the conversions that have come by then, and publishes.
    By news it does so after tens of visitors at the start (`news_batches`).
    """
    learner = bandits.make_learner(config, seed)
    n, at = len(stage.luck), stage.visitors.at
    chosen, waiting = np.zeros(n), _ConversionQueue()
    for start, stop in batches(n, batch, by_news=by_news):
        now, ids = float(at[start]), np.arange(start, stop)
        due = waiting.due(now)
        learner.reward(due, np.ones(len(due)), now)
        policy = bandits.load_policy(learner.snapshot(now))
        contexts = _rows(stage.visitors.context, ids)
        arms = policy.draw(policy.distribution(contexts), stage.number * _KEYS + ids)
        learner.expose(ids, contexts, arms, at[ids])
        chosen[ids] = stage.truth[ids, arms]
        waiting.add(ids[stage.luck[ids] < chosen[ids]], stage.paid_at)
        look(len(ids))
    return chosen


class _ConversionQueue:
    """Queue of conversions that have not come yet."""

    def __init__(self) -> None:
        self._ids: IntArray = np.zeros(0, dtype=np.int64)
        self._at: FloatArray = np.zeros(0)

    def add(self, ids: IntArray, at: FloatArray) -> None:
        """Add the ids whose conversion will come."""
        come = ids[np.isfinite(at[ids])]
        self._ids = np.concatenate([self._ids, come])
        self._at = np.concatenate([self._at, at[come]])

    def due(self, now: float) -> IntArray:
        """Remove and return the ids whose conversion has come."""
        here = self._at <= now
        found = self._ids[here]
        self._ids, self._at = self._ids[~here], self._at[~here]
        return found


def _rows(context: Mapping[str, AnyArray], ids: IntArray) -> dict[str, AnyArray]:
    return {name: column[ids] for name, column in context.items()}
