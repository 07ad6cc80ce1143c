"""Posterior draws of feature coefficients, which score every arm in any cell, seen or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Self

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, Float32Array, FloatArray, IntArray
from bandits.features import CellSpec
from bandits.policies.wins import group_rows

CHUNK = 128  # cells scored at once
MOST_CACHED = 8192  # cached wins, by (cell, eligibility); at more, the cache is cleared


@dataclass(frozen=True, eq=False)
class FeatureTerm:
    """Indices of the features of one group of a design.

    Attributes:
        attributes: indices of the context attributes that the group depends on.
        index: (combinations of their levels, K) index of the feature; P where there is none.
    """

    attributes: tuple[int, ...]
    index: IntArray


@dataclass(frozen=True, eq=False)
class FeatureDraws:
    """Posterior draws, M of them, of P coefficients; an arm's score sums those of its features.

    Scores depend on the visitor's cell alone, so the wins of a cell are counted once and cached.

    Attributes:
        spec: mapping from attributes to cell.
        terms: groups of features; a (cell, arm) has at most one feature of each group.
        draws: (P, M) float32, finite.
        amounts: (K, M) float32, reward per conversion; None where conversions are the objective.
    """

    spec: CellSpec
    terms: tuple[FeatureTerm, ...]
    draws: Float32Array
    amounts: Float32Array | None = None

    def __post_init__(self) -> None:
        """Check the shapes and make the arrays read-only."""
        features = len(self.draws)
        for term in self.terms:
            sizes = [self.spec.sizes[place] for place in term.attributes]
            if term.index.ndim != 2 or len(term.index) != prod(sizes):  # noqa: PLR2004 - combinations, arms
                raise ValueError(f"a term {term.index.shape} does not fit its levels {sizes}")
            if term.index.size and not 0 <= term.index.min() <= term.index.max() <= features:
                raise ValueError("a term has an index beyond the features")
        if self.draws.ndim != 2 or self.draws.shape[1] < 1 or not np.isfinite(self.draws).all():  # noqa: PLR2004
            raise ValueError("draws are missing or not finite")
        self.draws.setflags(write=False)
        for term in self.terms:
            term.index.setflags(write=False)
        if self.amounts is not None:
            self.amounts.setflags(write=False)

    @property
    def size(self) -> int:
        """Number M of draws."""
        return int(self.draws.shape[1])

    @property
    def arms(self) -> int:
        """Number K of arms."""
        return int(self.terms[0].index.shape[1])

    @cached_property
    def _tables(self) -> tuple[tuple[tuple[int, ...], IntArray, Float32Array], ...]:
        """Sums of terms over the same attributes: indices, strides, scores (combinations, K, M)."""
        padded = np.vstack([self.draws, np.zeros((1, self.size), dtype=np.float32)])
        sums: dict[tuple[int, ...], Float32Array] = {}
        for term in self.terms:
            key = tuple(sorted(term.attributes))
            order = [term.attributes.index(place) for place in key]
            sizes = [self.spec.sizes[place] for place in term.attributes]
            shaped = term.index.reshape(*sizes, self.arms).transpose(*order, len(order))
            scores = padded[shaped.reshape(-1, self.arms)]
            sums[key] = sums[key] + scores if key in sums else scores
        strides = {
            key: np.array([prod(self.spec.sizes[p] for p in key[i + 1 :]) for i in range(len(key))])
            for key in sums
        }
        return tuple((key, strides[key].astype(np.int64), sums[key]) for key in sums)

    @cached_property
    def _cache(self) -> dict[tuple[int, bytes], IntArray]:
        return {}

    @cached_property
    def _every(self) -> bytes:
        return np.ones(self.arms, dtype=np.bool_).tobytes()

    def prepare(self) -> Self:
        """Compute the cached tables now, so that no request waits for them, and return self."""
        _ = self._tables, self._every
        return self

    def scores(self, codes: IntArray) -> Float32Array:
        """Return scores (c, K, M) of cells (c,): logits, or with amounts expected revenue."""
        levels = self.spec.levels_of(codes)
        total = np.zeros((len(codes), self.arms, self.size), dtype=np.float32)
        for places, strides, table in self._tables:
            total += table[levels[:, places] @ strides if places else np.zeros(1, dtype=np.int64)]
        if self.amounts is None:
            return total
        return np.asarray(self.amounts / (1.0 + np.exp(-total)), dtype=np.float32)

    def _count(self, codes: IntArray, eligible: BoolArray) -> IntArray:
        counts = np.zeros((len(codes), self.arms), dtype=np.int64)
        for i in range(0, len(codes), CHUNK):
            part = slice(i, i + CHUNK)
            counts[part] = count_cell_wins(self.scores(codes[part]), eligible[part])
        return counts

    def wins_one(self, context: Context, eligible: BoolArray) -> IntArray:
        """See `PosteriorDraws.wins_one`."""
        key = (self.spec.code(context), eligible.tobytes())
        found = self._cache.get(key)
        if found is None:
            found = self._count(np.array([key[0]]), np.asarray(eligible)[None, :])[0]
            self._cache_counts([key], [found])
        return found

    @property
    def unit(self) -> float:
        """See `PosteriorDraws.unit`."""
        return 1.0 if self.amounts is None else float(self.amounts.mean())

    def cell_one(self, context: Context) -> int:
        """See `PosteriorDraws.cell_one`."""
        return self.spec.code(context)

    def worths(self, codes: IntArray) -> FloatArray:
        """See `PosteriorDraws.worths`: rates, or revenue where amounts are set."""
        scores = self.scores(codes).astype(np.float64)
        worth = scores if self.amounts is not None else 1.0 / (1.0 + np.exp(-scores))
        return np.asarray(worth, dtype=np.float64)

    def worth_draws_one(self, context: Context) -> FloatArray:
        """See `PosteriorDraws.worth_draws_one`."""
        return np.asarray(self.worths(np.array([self.spec.code(context)]))[0])

    def means_one(self, context: Context) -> FloatArray:
        """See `PosteriorDraws.means_one`: rates, or expected revenue where amounts are set."""
        return np.asarray(self.worth_draws_one(context).mean(axis=1))

    def wins(self, contexts: Contexts, eligible: BoolArray) -> IntArray:
        """See `PosteriorDraws.wins`."""
        codes = self.spec.codes(contexts, len(eligible))
        if eligible.all():
            distinct, group = np.unique(codes, return_inverse=True)
            masks = np.ones((len(distinct), self.arms), dtype=np.bool_)
        else:
            first, group = group_rows(codes, eligible)
            distinct, masks = codes[first], eligible[first]
        return self._look_up(distinct, masks)[group]

    def _look_up(self, codes: IntArray, masks: BoolArray) -> IntArray:
        keys = list(zip(codes.tolist(), map(bytes, masks), strict=True))
        kept = [self._cache.get(key) for key in keys]
        new = [i for i, counts in enumerate(kept) if counts is None]
        if new:
            made = self._count(codes[new], masks[new])
            self._cache_counts([keys[i] for i in new], made)
            for i, counts in zip(new, made, strict=True):
                kept[i] = counts
        return np.array(kept, dtype=np.int64).reshape(len(keys), self.arms)

    def _cache_counts(
        self, keys: list[tuple[int, bytes]], counts: Sequence[IntArray] | IntArray
    ) -> None:
        if len(self._cache) + len(keys) > MOST_CACHED:
            self._cache.clear()
        self._cache.update(zip(keys[:MOST_CACHED], counts, strict=False))


def count_cell_wins(scores: Float32Array, eligible: BoolArray) -> IntArray:
    """Count wins (c, K) among scores (c, K, M) under eligibility (c, K).

    A tie goes to the arm with the lowest index.
    """
    cells, arms, _ = scores.shape
    masked = np.where(eligible[:, :, None], scores, -np.inf)
    best, place = masked[:, 0].copy(), np.zeros(masked[:, 0].shape, dtype=np.int64)
    for arm in range(1, arms):
        better = masked[:, arm] > best
        np.copyto(best, masked[:, arm], where=better)
        place[better] = arm
    flat = (place + arms * np.arange(cells)[:, None]).ravel()
    counts = np.bincount(flat, minlength=cells * arms).reshape(cells, arms)
    return np.where(eligible.any(axis=1, keepdims=True), counts, 0)
