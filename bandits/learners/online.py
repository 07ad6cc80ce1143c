"""In-memory learner, for use without the service: simulations, notebooks, benchmarks."""

from collections.abc import Hashable, Sequence

import numpy as np

from bandits.arrays import AnyArray, Contexts, FloatArray
from bandits.config import LearnerConfig
from bandits.counts import CountTable
from bandits.features import CellSpec
from bandits.learners import fit, module_of
from bandits.learners.auto import FitMemory, fit_history
from bandits.learners.log import ExposureLog
from bandits.learners.vocabulary import Vocabulary
from bandits.policies.base import Policy
from bandits.policies.explanation import Explanation, explain
from bandits.policies.snapshot import dump


class OnlineLearner:
    """In-memory learner of one slot; see `bandits.contract.Learner`.

    It keeps every exposure, because a reward may come at any time. Rewards are in fen: values are
    rounded to whole numbers, values that are not finite count as 0. An id that is exposed again
    is a new exposure and takes the rewards that follow. Cells that the configuration leaves out
    are learned from the contexts; see `Vocabulary`. Where revenue is the objective, kind `auto`
    cuts rewards at a cap; the snapshot's `meta` reports it as `reward_cap`, in fen, with the number
    of rewards that were cut, `rewards_capped`.

    Attributes:
        config: the slot.
        unknown_rewards: number of rewards whose id was never exposed.
    """

    def __init__(self, config: LearnerConfig, seed: int = 0) -> None:
        module_of(config.policy.kind)  # fail now rather than at the first snapshot
        self.config = config
        self.unknown_rewards = 0
        self._words = Vocabulary(config)
        self._log: ExposureLog | None = None
        self._memory = FitMemory()
        self._seed = seed
        self._published = 0
        self._newest: Policy | None = None

    def expose(
        self,
        ids: AnyArray | Sequence[object],
        contexts: Contexts,
        arms: AnyArray | Sequence[int],
        at: FloatArray | float,
    ) -> None:
        """Count n exposures: ids (n,), contexts name -> (n,), arm indices (n,), seconds (n,).

        Raises:
            ValueError: an arm index is out of range, or columns have different lengths.
        """
        names = _items(ids)
        chosen = np.asarray(arms, dtype=np.int64)
        if chosen.shape != (len(names),):
            raise ValueError(f"{len(names)} ids, but arms of shape {chosen.shape}")
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(self.config.arms):
            raise ValueError(f"arms must lie in [0, {len(self.config.arms)})")
        times = np.broadcast_to(np.asarray(at, dtype=np.float64), (len(names),))
        self._words.observe(contexts, len(names))
        levels = self._words.levels(contexts, len(names))
        self._open_log(levels.shape[1]).expose(names, levels, chosen, times)

    def _open_log(self, attributes: int) -> ExposureLog:
        if self._log is None:
            self._log = ExposureLog(attributes)
        return self._log

    def reward(
        self,
        ids: AnyArray | Sequence[object],
        values: AnyArray | Sequence[float],
        at: FloatArray | float,
    ) -> None:
        """Add rewards in any order: ids (n,), values (n,) in fen, times `at` (n,) in seconds.

        Raises:
            ValueError: the columns have different lengths.
        """
        names = _items(ids)
        amounts = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0.0, neginf=0.0)
        if amounts.shape != (len(names),):
            raise ValueError(f"{len(names)} ids, but values of shape {amounts.shape}")
        times = np.broadcast_to(np.asarray(at, dtype=np.float64), (len(names),))
        whole = np.rint(amounts).astype(np.int64)
        if self._log is None:
            self.unknown_rewards += len(names)
        else:
            self.unknown_rewards += self._log.reward(names, whole, times)

    @property
    def table(self) -> CountTable:
        """Count table of all exposures so far, in 5-minute buckets."""
        config = self._words.config
        spec = CellSpec.build(config.context, config.policy.max_cells)
        return CountTable() if self._log is None else self._log.table(spec)

    def snapshot(self, at: float) -> bytes:
        """Fit a policy and return its snapshot; each has the next version and its own seed."""
        self._published += 1
        seed = int(np.random.SeedSequence([self._seed, self._published]).generate_state(1)[0])
        self._newest = self._fit_policy(float(at), seed, str(self._published))
        return dump(self._newest)

    def explain(self) -> Explanation | None:
        """Return the explanation of the newest snapshot; None before the first."""
        return None if self._newest is None else explain(self._newest)

    def _fit_policy(self, at: float, seed: int, version: str) -> Policy:
        config = self._words.config
        if config.policy.kind != "auto":
            return fit(config, self.table, at, seed=seed, version=version)
        spec = CellSpec.build(config.context, MOST_CODES)
        log = ExposureLog(len(config.context)) if self._log is None else self._log
        cap = log.cap() if config.objective == "revenue" else None
        meta = None if cap is None else {"reward_cap": cap, "rewards_capped": log.count_above(cap)}
        return fit_history(
            config,
            spec,
            log.history(spec, cap),
            at,
            seed=seed,
            version=version,
            meta=meta,
            delay=log.delay(at),
            memory=self._memory,
        )


MOST_CODES = 2**62  # no bound but that of an integer: the fit coarsens the cells seen


def _items(ids: AnyArray | Sequence[object]) -> list[Hashable]:
    return ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
