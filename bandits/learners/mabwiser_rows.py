"""Training rows for MABWiser, made from weighted counts: decisions, rewards and contexts."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.counts import WeightedCounts
from bandits.features import CellSpec

MOST_ROWS = 200_000  # larger counts are scaled down: a posterior that narrow makes no difference
BATCH = 50_000


class MabwiserBandit(Protocol):
    """Interface of `mabwiser.mab.MAB`, as far as it is used."""

    def fit(self, decisions: AnyArray, rewards: AnyArray, contexts: AnyArray | None = None) -> None:
        """Fit from scratch."""
        ...

    def partial_fit(
        self, decisions: AnyArray, rewards: AnyArray, contexts: AnyArray | None = None
    ) -> None:
        """Add rows to an earlier fit."""
        ...

    def predict_expectations(self, contexts: AnyArray | None = None) -> Any:  # noqa: ANN401
        """Return a draw of the expected reward of each arm, for each context."""
        ...


def level_columns(spec: CellSpec, codes: IntArray) -> FloatArray:
    """Return a column of ones and the indicators of the cells' levels: (c, d), d >= 2.

    MABWiser's LinTS fails on a single column, so a context without levels gets a second one.
    """
    columns = [np.ones(len(codes))]
    stride = spec.count
    for size in spec.sizes:
        stride //= size
        level = codes // stride % size
        columns += [np.asarray(level == i, dtype=np.float64) for i in range(size) if size > 1]
    if len(columns) == 1:
        columns.append(np.zeros(len(codes)))
    return np.stack(columns, axis=1)


def fit_cells(
    bandit: MabwiserBandit,
    weighted: WeightedCounts,
    spec: CellSpec,
    arms: int,
    unit: float,
    *,
    scaled: bool,
) -> None:
    """Fit a linear policy to the counts of cells.

    A row with features sqrt(t) x and reward c / sqrt(t) adds t x x' and c x: exactly what t
    exposures with c conversions add, for any t. A scaler of features would undo that; with one the
    counts are expanded to rows.

    Args:
        bandit: the bandit to fit, in place.
        weighted: the counts; rows of cells and arms of other revisions are left out.
        spec: the cells.
        arms: number K of arms.
        unit: fen that count as a reward of 1; 0 where conversions count.
        scaled: whether the bandit scales its features.
    """
    codes = np.array([spec.code_of(str(cell)) for cell in weighted.cells], dtype=np.int64)
    used = (weighted.arms < arms) & (codes >= 0) & (weighted.trials > 0.0)
    x, reward = level_columns(spec, codes[used]), _reward(weighted, unit)[used]
    decisions, trials = weighted.arms[used], weighted.trials[used]
    if not scaled:
        root = np.sqrt(trials)
        bandit.fit(decisions, reward / root, x * root[:, None])
        return
    hits = np.clip(weighted.conversions[used], 0.0, trials)
    _feed(bandit, decisions, (trials, hits, _per_hit(reward, hits)), x)


def fit_arms(
    bandit: MabwiserBandit, weighted: WeightedCounts, arms: int, unit: float, *, binary: bool
) -> None:
    """Fit a policy without context to the arms' totals, with a row for each exposure.

    Args:
        bandit: the bandit to fit, in place.
        weighted: the counts.
        arms: number K of arms.
        unit: fen that count as a reward of 1; 0 where conversions count.
        binary: whether every conversion counts 1, whatever its amount.
    """
    known = weighted.arms < arms
    index, reward = weighted.arms[known], _reward(weighted, unit)[known]
    trials = np.bincount(index, weighted.trials[known], arms).astype(np.float64)
    hits = np.bincount(index, weighted.conversions[known], arms).astype(np.float64)
    hits = np.clip(hits, 0.0, trials)
    total = np.bincount(index, reward, arms).astype(np.float64)
    value = np.ones(arms) if binary else np.maximum(_per_hit(total, hits), 0.0)
    _feed(bandit, np.arange(arms), (trials, hits, value), None)


def _reward(weighted: WeightedCounts, unit: float) -> FloatArray:
    return weighted.reward / unit if unit > 0.0 else weighted.conversions


def _per_hit(reward: FloatArray, hits: FloatArray) -> FloatArray:
    return np.where(hits > 0.0, reward / np.where(hits > 0.0, hits, 1.0), 0.0)


def _feed(
    bandit: MabwiserBandit,
    decisions: IntArray,
    counts: tuple[FloatArray, FloatArray, FloatArray],
    x: FloatArray | None,
) -> None:
    """Expand (trials, hits, reward per hit) to about MOST_ROWS rows at most; fit in batches."""
    trials, hits, value = counts
    share = min(1.0, MOST_ROWS / max(float(trials.sum()), 1.0))
    times = np.rint(np.concatenate([hits, trials - hits]) * share).astype(np.int64)
    rewards = np.repeat(np.concatenate([value, np.zeros(len(value))]), times)
    rows = np.repeat(np.tile(np.arange(len(decisions)), 2), times)
    for part in _batches(len(rows)):
        chosen = rows[part]
        contexts = () if x is None else (np.ascontiguousarray(x[chosen]),)
        learn = bandit.fit if part.start == 0 else bandit.partial_fit
        learn(decisions[chosen], rewards[part], *contexts)


def _batches(rows: int) -> Iterator[slice]:
    yield slice(0, BATCH)  # also without rows: MABWiser answers only after a fit
    for start in range(BATCH, rows, BATCH):
        yield slice(start, start + BATCH)
