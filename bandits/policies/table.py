"""Posterior draws of each arm's score, as a table over cells."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, Float32Array, FloatArray, IntArray
from bandits.features import CellSpec
from bandits.policies.wins import CHUNK, count_wins, count_wins_one, group_rows


@dataclass(frozen=True, eq=False)
class TableDraws:
    """Posterior draws with one row for each cell that was seen, and one for all others.

    Attributes:
        spec: mapping from attributes to cell.
        codes: (C,) ascending integers of the cells seen.
        draws: (C + 1, M, K) float32, finite; the last row is pooled over cells.
    """

    spec: CellSpec
    codes: IntArray
    draws: Float32Array

    def __post_init__(self) -> None:
        """Check the shapes and make the arrays read-only."""
        seen = len(self.codes)
        if self.codes.ndim != 1 or self.draws.ndim != 3 or len(self.draws) != seen + 1:  # noqa: PLR2004 - cells, draws, arms
            raise ValueError(f"draws {self.draws.shape} do not fit {seen} cells")
        if self.draws.shape[1] < 1 or (np.diff(self.codes) <= 0).any():
            raise ValueError("no draws, or cells out of order")
        if not np.isfinite(self.draws).all():
            raise ValueError("draws are not finite")
        self.codes.setflags(write=False)
        self.draws.setflags(write=False)

    @property
    def size(self) -> int:
        """Number M of draws."""
        return int(self.draws.shape[1])

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {code: row for row, code in enumerate(self.codes.tolist())}

    @cached_property
    def _all(self) -> IntArray:
        """Wins (C + 1, K) where every arm is eligible, the most frequent case."""
        every = np.ones((len(self.draws), self.draws.shape[2]), dtype=np.bool_)
        return self._count(np.arange(len(self.draws)), every)

    def prepare(self) -> Self:
        """Compute the cached wins now, so that no request waits for them, and return self."""
        _ = self._all, self._row_of
        return self

    def _count(self, rows: IntArray, eligible: BoolArray) -> IntArray:
        parts = [
            count_wins(self.draws[rows[i : i + CHUNK]], eligible[i : i + CHUNK])
            for i in range(0, len(rows), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros(eligible.shape, dtype=np.int64)

    def _find_rows(self, codes: IntArray) -> IntArray:
        if not len(self.codes):
            return np.zeros(len(codes), dtype=np.int64)
        places = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[places] == codes, places, len(self.codes))

    def wins_one(self, context: Context, eligible: BoolArray) -> IntArray:
        """See `PosteriorDraws.wins_one`."""
        row = self._row_of.get(self.spec.code(context), -1)
        if eligible.all():
            found: IntArray = self._all[row]
            return found
        return count_wins_one(self.draws[row], eligible)

    @property
    def unit(self) -> float:
        """See `PosteriorDraws.unit`: at least 1, and the largest draw of revenue."""
        return max(1.0, float(self.draws.max()))

    def cell_one(self, context: Context) -> int:
        """See `PosteriorDraws.cell_one`."""
        return self._row_of.get(self.spec.code(context), len(self.codes))

    def worths(self, codes: IntArray) -> FloatArray:
        """See `PosteriorDraws.worths`."""
        return np.asarray(self.draws[self._find_rows(codes)].transpose(0, 2, 1), dtype=np.float64)

    def worth_draws_one(self, context: Context) -> FloatArray:
        """See `PosteriorDraws.worth_draws_one`."""
        return np.asarray(self.draws[self.cell_one(context)].T, dtype=np.float64)

    def means_one(self, context: Context) -> FloatArray:
        """See `PosteriorDraws.means_one`."""
        row = self._row_of.get(self.spec.code(context), -1)
        return np.asarray(self.draws[row].mean(axis=0), dtype=np.float64)

    def wins(self, contexts: Contexts, eligible: BoolArray) -> IntArray:
        """See `PosteriorDraws.wins`."""
        rows = self._find_rows(self.spec.codes(contexts, len(eligible)))
        if eligible.all():
            found: IntArray = self._all[rows]
            return found
        first, group = group_rows(rows, eligible)
        return self._count(rows[first], eligible[first])[group]
