"""Wins: the number of posterior draws in which each eligible arm is the best.

The served policy is "pick one of M draws at random, be greedy" (Thompson sampling over an
ensemble), so an arm's probability is its wins over M: exact, and as cheap as an argmax. A tie
always goes to the arm with the lowest index.
"""

from typing import Protocol

import numpy as np

from bandits.arrays import AnyArray, BoolArray, Context, Contexts, FloatArray, IntArray

CHUNK = 1024  # groups scored at once: 1024 x 128 draws x 6 arms of float32 are 3 MB


class PosteriorDraws(Protocol):
    """Posterior draws, M of them, of each arm's score as a function of the context."""

    @property
    def size(self) -> int:
        """Number M of draws."""
        ...

    def wins_one(self, context: Context, eligible: BoolArray) -> IntArray:
        """Return wins (K,) for one visitor; they sum to M, or to 0 where no arm is eligible."""
        ...

    def wins(self, contexts: Contexts, eligible: BoolArray) -> IntArray:
        """Return wins (n, K) for n visitors with eligibility (n, K)."""
        ...

    @property
    def unit(self) -> float:
        """Worth of one success: 1 for conversions, or the mean amount of a payment."""
        ...

    def cell_one(self, context: Context) -> int:
        """Return a number that visitors with the same draws share."""
        ...

    def worths(self, codes: IntArray) -> FloatArray:
        """Return the draws (c, K, M) of each arm's worth in cells (c,)."""
        ...

    def worth_draws_one(self, context: Context) -> FloatArray:
        """Return the draws (K, M) of each arm's worth to one visitor."""
        ...

    def means_one(self, context: Context) -> FloatArray:
        """Return the worth (K,) of each arm to one visitor, as the mean over the draws."""
        ...


def count_wins_one(scores: AnyArray, eligible: BoolArray) -> IntArray:
    """Count wins (K,) among scores (M, K) under eligibility (K,)."""
    arms = scores.shape[-1]
    if not eligible.any():
        return np.zeros(arms, dtype=np.int64)
    best = np.where(eligible, scores, -np.inf).argmax(axis=1)
    return np.bincount(best, minlength=arms)


def count_wins(scores: AnyArray, eligible: BoolArray) -> IntArray:
    """Count wins (g, K) among scores (g, M, K) under eligibility (g, K)."""
    groups, _, arms = scores.shape
    best = np.where(eligible[:, None, :], scores, -np.inf).argmax(axis=2)
    flat = (best + arms * np.arange(groups)[:, None]).ravel()
    counts = np.bincount(flat, minlength=groups * arms).reshape(groups, arms)
    return np.where(eligible.any(axis=1, keepdims=True), counts, 0)


def group_rows(rows: IntArray, eligible: BoolArray) -> tuple[IntArray, IntArray]:
    """Group visitors that share a row of scores and an eligibility.

    Args:
        rows: (n,) index of the row of scores of each visitor.
        eligible: (n, K).

    Returns:
        Indices (g,) of the first visitor of each group, and the group (n,) of each visitor.
    """
    width = -(-eligible.shape[1] // 8)
    packed = np.zeros((len(rows), 8 + width), dtype=np.uint8)
    packed[:, :8] = np.ascontiguousarray(rows, dtype=np.int64).view(np.uint8).reshape(-1, 8)
    packed[:, 8:] = np.packbits(eligible, axis=1)
    keys = packed.view(np.dtype((np.void, 8 + width))).ravel()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return first, group
