"""Learners compared in a world with known truth, through the public contract of `bandits` only.

All learners of a seed meet the same visitors with the same luck: whoever is shown the same arm
does the same. So learners differ by what they chose and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

import bandits
from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.config import LearnerConfig
from bandits.simulation.world import Visitors, World
from lab.simulate.offline_world import Competitor, config_of

POINTS = 200
"""Of a regret curve."""
LAST = 5
"""The last 1 / LAST of the visitors shows where a learner has got to."""
_KEYS = 10**12
"""Apart from each other lie the keys of two slots' draws."""


@dataclass(frozen=True, eq=False)
class LearnerStage:
    """What all learners of a seed meet in a slot.

    Attributes:
        slot: its name.
        number: of seed and slot, from which all chance comes.
        visitors: n, in the order of their arrival.
        truth: (n, K) probabilities of a conversion.
        luck: (n,) in [0, 1): the visitor converts where it is below the probability.
        paid_at: (n,) when a conversion comes, in seconds; infinite where the window misses it.
    """

    slot: str
    number: int
    visitors: Visitors
    truth: FloatArray
    luck: FloatArray
    paid_at: FloatArray


@dataclass(frozen=True, eq=False)
class LearnerRun:
    """What a learner came to in a slot with a seed.

    Attributes:
        learner: as it was named.
        slot: its name.
        seed: of the world.
        expected: expected conversions of the arms that it chose.
        oracle: of the best arm for each visitor.
        late: both, of the last fifth of the visitors.
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
    def of(
        cls, learner: str, slot: str, seed: int, chosen: FloatArray, best: FloatArray
    ) -> LearnerRun:
        """Of the probabilities (n,) of the arms chosen and of the best ones."""
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
) -> list[LearnerRun]:
    """Play all learners in all slots that they know, with all seeds.

    Args:
        world: with a known truth.
        competitors: to compare.
        seeds: of visitors and learners.
        visitors: of a run.
        look: is told of visitors that were served in a slot.

    Raises:
        InvalidRequestError: a learner cannot be configured so.
    """
    found: list[LearnerRun] = []
    for stage, seed in stages(world, seeds, visitors):
        for one in competitors:
            config = config_of(world, stage.slot, one)
            if config is None:
                continue
            chosen = play(stage, config, seed, batch_of(world), look)
            best = stage.truth.max(axis=1)
            found.append(LearnerRun.of(one.name, stage.slot, seed, chosen, best))
    return found


def stages(world: World, seeds: Sequence[int], visitors: int) -> Iterator[tuple[LearnerStage, int]]:
    """Every seed's visitors in every slot."""
    for seed, (i, slot) in product(seeds, enumerate(world.slots)):
        came = world.sample(np.random.default_rng(seed), visitors)
        number = seed * len(world.slots) + i
        rng = np.random.default_rng([seed, i])
        delay = world.delays(slot, visitors, rng)
        paid_at = np.where(delay <= world.window(slot), came.at + delay, np.inf)
        truth = world.truth(slot, came)
        yield LearnerStage(slot, number, came, truth, rng.random(visitors), paid_at), seed


def batch_of(world: World) -> int:
    """Visitors between two snapshots."""
    return int(world.tables["run"].get("batch", 500))


def play(
    stage: LearnerStage, config: LearnerConfig, seed: int, batch: int, look: Callable[[int], None]
) -> FloatArray:
    """A learner's run: the probabilities (n,) of the arms that it chose.

    Every `batch` visitors it gets the conversions that have come by then, and publishes.
    """
    learner = bandits.make_learner(config, seed)
    n, at = len(stage.luck), stage.visitors.at
    chosen, waiting = np.zeros(n), _Waiting()
    for start, stop in pairwise([*range(0, n, batch), n]):
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


class _Waiting:
    """Conversions that have not come yet."""

    def __init__(self) -> None:
        self._ids: IntArray = np.zeros(0, dtype=np.int64)
        self._at: FloatArray = np.zeros(0)

    def add(self, ids: IntArray, at: FloatArray) -> None:
        """Wait for those of the ids that will come."""
        come = ids[np.isfinite(at[ids])]
        self._ids = np.concatenate([self._ids, come])
        self._at = np.concatenate([self._at, at[come]])

    def due(self, now: float) -> IntArray:
        """The ids whose conversion has come, once each."""
        here = self._at <= now
        found = self._ids[here]
        self._ids, self._at = self._ids[~here], self._at[~here]
        return found


def _rows(context: Mapping[str, AnyArray], ids: IntArray) -> dict[str, AnyArray]:
    return {name: column[ids] for name, column in context.items()}
