"""Count history: the count table as columns, for a fit, and the features of its rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.counts import CountTable, Interval, WeightedCounts, width_of
from bandits.features import CellSpec
from bandits.learners.auto.design import Design
from bandits.learners.auto.rule import RuleCounts

GAIN_ROWS = 20_000  # latest rows, on which attributes are compared


@dataclass(frozen=True, eq=False)
class CountHistory:
    """History of the counts by (bucket, cell, arm), with cells as levels.

    Attributes:
        levels: (C, J) levels of the distinct cells.
        at: (n,) start of the bucket in seconds, a multiple of 5 minutes.
        cell: (n,) index of the cell.
        arm: (n,) index of the arm.
        counts: (4, n) exposures, conversions, reward in fen, sum of squared rewards.
    """

    levels: IntArray
    at: FloatArray
    cell: IntArray
    arm: IntArray
    counts: FloatArray

    @cached_property
    def _runs(self) -> tuple[FloatArray, IntArray]:
        """Starts of the buckets that occur, and the number of entries of each, in their order."""
        first = np.flatnonzero(np.diff(self.at, prepend=np.nan) != 0.0)
        return self.at[first], np.diff(first, append=len(self.at))

    def age_weights(self, at: float, half_life: float) -> FloatArray:
        """Return weights (n,): 2 ** (-age / half_life), 1 for buckets after `at`.

        Powers are computed once for each bucket that occurs, because a fit needs them dozens of
        times. Buckets without counts take no memory: one wrong time may lie 57,000 years ahead.
        """
        starts, lengths = self._runs
        weights = 2.0 ** (-np.maximum(at - starts, 0.0) / half_life)
        return np.repeat(weights, lengths).astype(np.float64)

    def select(self, mask: BoolArray) -> "CountHistory":
        """Return the history of the entries where the mask (n,) is true."""
        return replace(
            self, at=self.at[mask], cell=self.cell[mask], arm=self.arm[mask],
            counts=self.counts[:, mask],
        )  # fmt: skip

    def drop_intervals(self, intervals: Sequence[Interval], at: float) -> "CountHistory":
        """Return the history without the buckets that touch an interval [from, to)."""
        if not intervals or not len(self.at):
            return self
        starts, place = np.unique(self.at, return_inverse=True)
        ends = np.array([start + width_of(start, at) for start in starts.tolist()])
        clear = [all(not (a < end and start < b) for a, b in intervals)
                 for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]  # fmt: skip
        return self.select(np.array(clear, dtype=np.bool_)[place])

    def by_cell(self, arms: int, weights: FloatArray | None = None, row: int = 0) -> FloatArray:
        """Return sums (C, K) of a row of the counts by cell and arm, under weights (n,)."""
        values = self.counts[row] if weights is None else weights * self.counts[row]
        found = np.bincount(self.cell * arms + self.arm, values, len(self.levels) * arms)
        return found.reshape(-1, arms).astype(np.float64)

    def sum_by_arm(self, weights: FloatArray) -> WeightedCounts:
        """Return sums over all cells, weighted by (n,), for each arm that was exposed."""
        arms, place = np.unique(self.arm, return_inverse=True)
        sums = np.zeros((len(self.counts), len(arms)))
        for i, row in enumerate(self.counts):
            sums[i] = np.bincount(place, weights * row, len(arms))
        return WeightedCounts(np.full(len(arms), "-"), arms, *sums)


@dataclass(frozen=True, eq=False)
class FeatureGrid:
    """Distinct (cell, arm) pairs of a history with their features, and the rule's behind them.

    Attributes:
        features: (R, 1 + T) features of each pair.
        row: (n,) row of each entry of the history.
        rule: (2, R) visitors and conversions that the operator's rule is worth.
    """

    features: IntArray
    row: IntArray
    rule: FloatArray

    @classmethod
    def build(cls, history: CountHistory, design: Design, rule: RuleCounts) -> "FeatureGrid":
        """Return the distinct pairs of a history and of a rule, with their features."""
        key = history.cell * design.arms + history.arm
        # Marks are quicker than a sort: there are few cells and many entries.
        seen = np.zeros(len(history.levels) * design.arms, dtype=np.bool_)
        seen[key] = True
        keys, row = np.flatnonzero(seen), (np.cumsum(seen) - 1)[key]
        cells, arms = keys // design.arms, keys % design.arms
        seen_pairs = design.features(history.levels[cells], arms)
        counts = np.zeros((2, len(keys) + len(rule.trials)))
        counts[:, len(keys) :] = rule.trials, rule.hits
        return cls(np.vstack([seen_pairs, rule.features]), row, counts)

    def sums(self, values: FloatArray) -> FloatArray:
        """Return sums (R,) of values (n,) of the history's entries by pair."""
        return np.bincount(self.row, values, len(self.features)).astype(np.float64)


def read_table(table: CountTable, spec: CellSpec, arms: int) -> CountHistory:
    """Return the history of a count table, in the order of its keys.

    Rows of a removed arm are left out; cells of another revision count as "not known".
    """
    columns = table.columns()
    codes = np.array([max(spec.code_of(cell), 0) for cell in columns.labels], dtype=np.int64)
    keep = columns.arm < arms
    code, at = codes[columns.cell][keep], columns.bucket[keep]
    arm, counts = columns.arm[keep], columns.counts[:, keep]
    order = np.lexsort((arm, code, at))
    distinct, cell = np.unique(code[order], return_inverse=True)
    return CountHistory(spec.levels_of(distinct), at[order], cell, arm[order], counts[:, order])


def coarsen_attributes(
    history: CountHistory, spec: CellSpec, coarsened: Collection[int], most: int
) -> tuple[CountHistory, tuple[int, ...]]:
    """Reduce a history to at most `most` distinct cells by coarsening attributes to one level.

    The least informative attributes come first.

    Args:
        history: its cells have the levels of `spec`.
        spec: spec of the cells.
        coarsened: indices of attributes that are coarsened already, and stay so.
        most: largest number of distinct cells.

    Returns:
        The history and the number of levels of each attribute.
    """
    sizes = list(spec.sizes)
    live = [place for place, size in enumerate(sizes) if size > 1]
    order = [place for place in live if place in coarsened]
    if len(history.levels) > most:
        recent = history.select(np.arange(len(history.at)) >= len(history.at) - GAIN_ROWS)
        rest = [place for place in live if place not in coarsened]
        order += sorted(rest, key=lambda place: _gain(recent, place))
    for place in order:
        if place in coarsened or len(history.levels) > most:
            sizes[place] = 1
            levels = history.levels.copy()
            levels[:, place] = 0
            codes = spec.code_levels(levels)
            _, kept, merged = np.unique(codes, return_index=True, return_inverse=True)
            history = replace(history, levels=levels[kept], cell=merged[history.cell])
    return history, tuple(sizes)


def _gain(history: CountHistory, place: int) -> float:
    """Return chi-square per (arm, level) of its conversions against those of the arm.

    With few data all attributes gain the same, and the last of them is coarsened first.
    """
    level = history.levels[history.cell, place]
    width = int(level.max(initial=0)) + 1
    trials, hits = history.counts[:2]
    key = history.arm * width + level
    n, y = np.bincount(key, trials), np.bincount(key, hits)
    arm = np.bincount(history.arm, hits) / np.maximum(np.bincount(history.arm, trials), 1.0)
    expected = n * arm[np.arange(len(n)) // width] + 0.5
    seen = n > 0
    gain = ((y - expected) ** 2 / expected)[seen].sum() / max(int(seen.sum()), 1)
    return float(gain) - 1e-9 * place
