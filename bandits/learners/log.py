"""Log of single exposures in memory, and the count table or history of it."""

from collections.abc import Hashable

import numpy as np

from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.cap import reward_cap
from bandits.counts import FINE, CountTable
from bandits.delay import DelayCounts, DelayDistribution
from bandits.features import CellSpec
from bandits.learners.auto.history import CountHistory
from bandits.units import DAY

LONGEST_DELAY = 30.0 * DAY


class ExposureLog:
    """Log of exposures: time, levels, arm, reward so far, and delay of the first reward.

    Attributes:
        size: number n of exposures.
    """

    def __init__(self, attributes: int) -> None:
        self.size = 0
        self._at = np.zeros(1024)
        self._levels = np.zeros((1024, attributes), dtype=np.int16)
        self._arm = np.zeros(1024, dtype=np.int32)
        self._reward = np.zeros(1024, dtype=np.int64)
        self._delay = np.full(1024, np.nan)
        self._cell = np.zeros(1024, dtype=np.int64)
        self._row: dict[Hashable, int] = {}
        self._codes: dict[int, int] = {}
        self._version, self._looked_up = "", 0

    def expose(
        self, names: list[Hashable], levels: IntArray, arms: IntArray, at: FloatArray
    ) -> None:
        """Add exposures with their ids (n,), levels (n, J), arms (n,) and times (n,)."""
        start, end = self.size, self.size + len(names)
        self._grow(end)
        self._at[start:end], self._levels[start:end] = at, levels
        self._arm[start:end] = arms
        self._row.update(zip(names, range(start, end), strict=True))
        self.size = end

    def _grow(self, size: int) -> None:
        have = len(self._at)
        if size <= have:
            return
        more = max(size, 2 * have) - have
        self._at = np.concatenate([self._at, np.zeros(more)])
        self._levels = np.concatenate(
            [self._levels, np.zeros((more, self._levels.shape[1]), dtype=np.int16)]
        )
        self._cell = np.concatenate([self._cell, np.zeros(more, dtype=np.int64)])
        self._arm = np.concatenate([self._arm, np.zeros(more, dtype=np.int32)])
        self._reward = np.concatenate([self._reward, np.zeros(more, dtype=np.int64)])
        self._delay = np.concatenate([self._delay, np.full(more, np.nan)])

    def reward(self, names: list[Hashable], values: IntArray, at: FloatArray) -> int:
        """Add rewards (n,) that came at times (n,); return the number of unknown ids."""
        get = self._row.get
        rows = np.fromiter((get(name, -1) for name in names), np.int64, len(names))
        known = rows >= 0
        rows, values, at = rows[known], values[known], at[known]
        np.add.at(self._reward, rows, values)
        fresh = np.isnan(self._delay[rows]) & (values > 0)
        self._delay[rows[fresh]] = np.maximum(at[fresh] - self._at[rows[fresh]], 0.0)
        return int(len(known) - np.count_nonzero(known))

    def cap(self) -> int | None:
        """Return the cap of one exposure's reward, in fen; None before 20 rewards."""
        found = reward_cap(self._reward[: self.size])
        return None if found is None else int(np.ceil(found))

    def count_above(self, cap: int) -> int:
        """Count the exposures whose reward exceeds the cap."""
        return int(np.count_nonzero(self._reward[: self.size] > cap))

    def history(self, spec: CellSpec, cap: int | None = None) -> CountHistory:
        """Return the exposures as a history with the cells of this spec, rewards cut at the cap.

        Only exposures since the last call are looked up, unless the spec has changed.
        """
        if spec.version != self._version:
            self._version, self._looked_up = spec.version, 0
            self._codes.clear()
        levels = self._levels[self._looked_up : self.size].astype(np.int64)
        distinct, place = np.unique(spec.code_levels(levels), return_inverse=True)
        known = [self._codes.setdefault(code, len(self._codes)) for code in distinct.tolist()]
        self._cell[self._looked_up : self.size] = np.array(known, dtype=np.int64)[place]
        self._looked_up = self.size
        codes = np.fromiter(self._codes, np.int64, len(self._codes))
        at = np.floor(self._at[: self.size] / FINE) * FINE
        arm = self._arm[: self.size].astype(np.int64)
        cell = self._cell[: self.size].astype(np.int64)
        return CountHistory(spec.levels_of(codes), at, cell, arm, self._counts(cap))

    def _counts(self, cap: int | None) -> FloatArray:
        reward = self._reward[: self.size].astype(np.float64)
        if cap is not None:
            reward = np.minimum(reward, float(cap))
        return np.stack([np.ones(self.size), (reward > 0).astype(np.float64), reward, reward**2])

    def table(self, spec: CellSpec) -> CountTable:
        """Return the exposures as a count table with the cells of this spec."""
        codes = spec.code_levels(self._levels[: self.size].astype(np.int64))
        bucket = (self._at[: self.size] // FINE).astype(np.int64) * FINE
        distinct, place = np.unique(codes, return_inverse=True)
        labels = [spec.label(code) for code in distinct.tolist()]
        table = CountTable()
        rewards = self._reward[: self.size].tolist()
        columns = bucket.tolist(), place.tolist(), self._arm[: self.size].tolist(), rewards
        for at, cell, arm, reward in zip(*columns, strict=True):
            table.add_exposure(at, labels[cell], arm)
            if reward:
                table.add_reward(at, labels[cell], arm, int(reward > 0), reward, reward * reward)
        return table

    def delay(self, at: float) -> DelayDistribution | None:
        """Return the distribution of the delay as of `at`; None before the first reward."""
        delays: AnyArray = self._delay[: self.size]
        came = np.isfinite(delays)
        if not came.any():
            return None
        ages = np.maximum(at - self._at[: self.size][came], 0.0)
        return DelayCounts.empty(LONGEST_DELAY).add(delays[came], ages).distribution()
