"""A learner in memory, for use without the service: simulations, notebooks, benchmarks."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import AnyArray, Contexts, FloatArray
from bandits.config import LearnerConfig
from bandits.counts import CountTable, reward_delta
from bandits.features import CellSpec
from bandits.learners import fit, module_of
from bandits.policies.snapshot import dump


@dataclass(slots=True)
class _Exposure:
    at: float
    cell: str
    arm: int
    reward: int = 0


class OnlineLearner:
    """Exposures and rewards in, snapshots out; see `bandits.contract.Learner`.

    It remembers every exposure, because a reward may come at any time. Rewards are in fen:
    values are rounded to whole numbers, values that are not finite count as 0. An id that is
    exposed again is a new exposure and takes the rewards that follow.

    Attributes:
        table: the counts so far.
        unknown_rewards: rewards of ids that were never exposed.
    """

    def __init__(self, config: LearnerConfig, seed: int = 0) -> None:
        module_of(config.policy.kind)  # say so now, not at the first snapshot
        self.config = config
        self.table = CountTable()
        self.unknown_rewards = 0
        self._spec = CellSpec.build(config.context, config.policy.max_cells)
        self._open: dict[Hashable, _Exposure] = {}
        self._seed = seed
        self._published = 0

    def expose(
        self,
        ids: AnyArray | Sequence[object],
        contexts: Contexts,
        arms: AnyArray | Sequence[int],
        at: FloatArray | float,
    ) -> None:
        """Count n exposures: ids (n,), contexts name -> (n,), arm indices (n,), seconds (n,).

        Raises:
            ValueError: for an index that is no arm, or columns of different lengths.
        """
        names = _items(ids)
        chosen = np.asarray(arms, dtype=np.int64)
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(self.config.arms):
            raise ValueError(f"arms must lie in [0, {len(self.config.arms)})")
        times = np.broadcast_to(np.asarray(at, dtype=np.float64), (len(names),)).tolist()
        cells = self._spec.cells(contexts, len(names)).tolist()
        for name, cell, arm, time in zip(names, cells, chosen.tolist(), times, strict=True):
            self._open[name] = _Exposure(time, cell, arm)
            self.table.add_exposure(time, cell, arm)

    def reward(
        self,
        ids: AnyArray | Sequence[object],
        values: AnyArray | Sequence[float],
        at: FloatArray | float,  # noqa: ARG002 - a reward is booked when its exposure was
    ) -> None:
        """Add rewards: ids (n,), values (n,) in fen, in any order."""
        amounts = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0.0, neginf=0.0)
        for name, amount in zip(_items(ids), amounts.tolist(), strict=True):
            exposure = self._open.get(name)
            if exposure is None:
                self.unknown_rewards += 1
                continue
            before, exposure.reward = exposure.reward, exposure.reward + round(amount)
            delta = reward_delta(before, exposure.reward)
            self.table.add_reward(exposure.at, exposure.cell, exposure.arm, *delta)

    def snapshot(self, at: float) -> bytes:
        """Fit and publish; each snapshot has the next version and a seed of its own."""
        self._published += 1
        seed = int(np.random.SeedSequence([self._seed, self._published]).generate_state(1)[0])
        version = str(self._published)
        return dump(fit(self.config, self.table, float(at), seed=seed, version=version))


def _items(ids: AnyArray | Sequence[object]) -> list[Hashable]:
    return ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
