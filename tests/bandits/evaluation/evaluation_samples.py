"""Logs with a known truth."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from bandits.evaluation import Log

RATES = np.array([[0.10, 0.30, 0.20], [0.30, 0.10, 0.25]])
"""Rate of each variant (columns) in each of two cells (rows)."""


def campaign(n: int, seed: int = 0, *, subjects: int = 0, floor: float = 0.05) -> Log:
    """A log of a policy that prefers another variant in each cell, with exact propensities."""
    rng = np.random.default_rng(seed)
    cell = rng.integers(0, 2, n)
    lean = np.array([[0.2, 0.7, 0.1], [0.6, 0.1, 0.3]])[cell]
    pmf = (1 - 3 * floor) * lean + floor
    variant = (pmf.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, 2)
    reward = (rng.random(n) < RATES[cell, variant]).astype(float)
    return Log(
        variant,
        pmf[np.arange(n), variant],
        reward,
        3,
        pmf=pmf,
        subject=rng.integers(0, subjects, n) if subjects else None,
        features=one_hot(cell[:, None], [2]),
    )


def parts(log: Log, cuts: Sequence[int]) -> list[Log]:
    """The log cut at these rows."""
    ends = [0, *cuts, len(log)]
    return [log.rows(slice(a, b)) for a, b in pairwise(ends)]


def one_hot(levels: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Indicators (n, sum of sizes) of levels (n, m), the j-th in [0, sizes[j])."""
    return np.hstack([np.eye(size)[levels[:, j]] for j, size in enumerate(sizes)])


def paid(log: Log, reward: np.ndarray) -> Log:
    """The log with other rewards."""
    return replace(log, reward=reward)
