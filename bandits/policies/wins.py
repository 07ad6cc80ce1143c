"""How often each eligible arm is the best among posterior draws.

The served policy is "pick one of M draws at random, be greedy" (Thompson sampling over an
ensemble), so an arm's probability is the number of draws in which it wins, over M: exact, and
as cheap as an argmax. Of equal scores the arm with the lowest index wins, everywhere.
"""

from typing import Protocol

import numpy as np

from bandits.arrays import AnyArray, BoolArray, Context, Contexts, FloatArray, IntArray

CHUNK = 1024  # groups scored at once: 1024 x 128 draws x 6 arms of float32 are 3 MB


class PosteriorDraws(Protocol):
    """M posterior draws of what each arm is worth, as a function of the context."""

    @property
    def size(self) -> int:
        """M."""
        ...

    def wins_one(self, context: Context, eligible: BoolArray) -> IntArray:
        """Wins (K,) of one visitor; they sum to M, or to 0 where no arm is eligible."""
        ...

    def wins(self, contexts: Contexts, eligible: BoolArray) -> IntArray:
        """Wins (n, K) of n visitors with eligibility (n, K)."""
        ...

    def means_one(self, context: Context) -> FloatArray:
        """What each arm (K,) is worth to one visitor, as the mean over the draws."""
        ...


def count_wins_one(scores: AnyArray, eligible: BoolArray) -> IntArray:
    """Wins (K,) among scores (M, K)."""
    arms = scores.shape[-1]
    if not eligible.any():
        return np.zeros(arms, dtype=np.int64)
    best = np.where(eligible, scores, -np.inf).argmax(axis=1)
    return np.bincount(best, minlength=arms)


def count_wins(scores: AnyArray, eligible: BoolArray) -> IntArray:
    """Wins (g, K) among scores (g, M, K) under eligibility (g, K)."""
    groups, _, arms = scores.shape
    best = np.where(eligible[:, None, :], scores, -np.inf).argmax(axis=2)
    flat = (best + arms * np.arange(groups)[:, None]).ravel()
    counts = np.bincount(flat, minlength=groups * arms).reshape(groups, arms)
    return np.where(eligible.any(axis=1, keepdims=True), counts, 0)


def group_rows(rows: IntArray, eligible: BoolArray) -> tuple[IntArray, IntArray]:
    """Group visitors that share a row of scores and an eligibility.

    Args:
        rows: (n,) index of each visitor's scores.
        eligible: (n, K).

    Returns:
        The first visitor (g,) of each group and the group (n,) of each visitor.
    """
    width = -(-eligible.shape[1] // 8)
    packed = np.zeros((len(rows), 8 + width), dtype=np.uint8)
    packed[:, :8] = np.ascontiguousarray(rows, dtype=np.int64).view(np.uint8).reshape(-1, 8)
    packed[:, 8:] = np.packbits(eligible, axis=1)
    keys = packed.view(np.dtype((np.void, 8 + width))).ravel()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return first, group
