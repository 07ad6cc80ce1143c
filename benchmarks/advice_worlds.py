"""Worlds with segments, and the logs that fixed and learning policies make in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.arm_blocks import join_strata, propensity_class
from nudge.domain.reports.cube import (
    Ages,
    Allocation,
    Blocks,
    Crowds,
    Cube,
    Delays,
    Draws,
    Groups,
    Masses,
)

ONE, WAP, TWO = "one best for all", "another for WAP", "two for WAP"
CITIES, SOME_CITIES, STAGE = "one best, six cities", "another in cities", "another for a stage"
KINDS: Final = (ONE, WAP, TWO, CITIES, SOME_CITIES, STAGE)
BEST_FOR_ALL: Final = (ONE, CITIES)
NAMES = ("data_draw", "coffee", "movie")
CHANNELS, STAGES = ("web", "wap"), ("new", "loyal", "lapsing")
LEVELS, STAGE_SHARES = np.array([1.0, 2.0, 5.0]), np.array([0.5, 0.3, 0.2])
CITY_SHARES = np.array([0.4, 0.25, 0.15, 0.1, 0.08, 0.02])
USUAL = (1.25, 1.0, 0.95)
"""Effects of the variants where nobody differs."""
CLUSTERS, FLOOR, DRAWS = 64, 0.02, 128


@dataclass(frozen=True)
class World:
    """A world of two dimensions: C channels or cities, S stages, K variants.

    Attributes:
        shares: (C, S) of the visitors.
        rates: (C, S, K) chance of a conversion.
        pmf: (C, K) of the fixed policy; of a learner, the first.
        learned: the policy is a learner by channel or city: Thompson with a floor.
    """

    shares: FloatArray
    rates: FloatArray
    pmf: FloatArray
    learned: bool = False

    @classmethod
    def of(cls, kind: str, seed: int, *, learned: bool = False) -> World:
        """Draw a world."""
        rng = np.random.default_rng((seed, KINDS.index(kind)))
        wap = rng.uniform(0.08, 0.5)
        first = CITY_SHARES if kind in {CITIES, SOME_CITIES} else np.array([1.0 - wap, wap])
        effect = np.tile(USUAL, (len(first), len(STAGES), 1))
        other = [1.0, rng.uniform(1.1, 1.2), 0.9]
        if kind == WAP:
            effect[1] = other
        if kind == TWO:
            effect[1] = [1.0, 1.15, 1.15]
        if kind == SOME_CITIES:
            effect[rng.choice(np.arange(1, 6), rng.integers(1, 4), replace=False)] = other
        if kind == STAGE:
            effect[:, rng.integers(0, 3)] = other
        rates = 0.03 * LEVELS[None, :, None] * effect
        pmf = 0.85 * rng.dirichlet(np.ones(3), size=len(first)) + 0.05
        pmf = np.full_like(pmf, 1.0 / len(NAMES)) if learned else pmf
        return cls(np.outer(first, STAGE_SHARES), rates, pmf, learned)

    def lost(self, stopped: Sequence[int]) -> float:
        """Return what a removal costs, as a share of the value of the best for each visitor."""
        kept = [arm for arm in range(len(NAMES)) if arm not in stopped]
        best, left = self.rates.max(axis=2), self.rates[:, :, kept].max(axis=2)
        return float((self.shares * (best - left)).sum() / (self.shares * best).sum())

    def draw(
        self, visitors: int, pmf: FloatArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """Draw exposures and conversions: each (C, S, K, CLUSTERS)."""
        chances = self.shares[:, :, None] * pmf[:, None, :]
        chances = np.repeat(chances[..., None] / CLUSTERS, CLUSTERS, axis=3)
        rows = rng.multinomial(visitors, chances.ravel()).reshape(chances.shape)
        return rows, rng.binomial(rows, self.rates[..., None])


@dataclass
class Log:
    """The log of a world, in T steps, between which a learner learns.

    Attributes:
        world: of the log.
        rng: of visitors and learner.
        pmfs: (C, K) of each step.
        rows: (C, S, K) exposures of each step.
        hits: (C, S, K) conversions of each step.
        crowds: (4, C, S, K, CLUSTERS) sums of rows, weights, conversions, weighted conversions.
    """

    world: World
    rng: np.random.Generator
    pmfs: list[FloatArray] = field(default_factory=list)
    rows: list[IntArray] = field(default_factory=list)
    hits: list[IntArray] = field(default_factory=list)
    crowds: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no exposure."""
        self.crowds = np.zeros((4, *self.world.rates.shape, CLUSTERS))

    def play(self, visitors: int, steps: int = 1) -> None:
        """Let visitors come, in equal steps."""
        for _ in range(steps):
            pmf = self._learned() if self.world.learned and self.rows else self.world.pmf
            rows, hits = self.world.draw(visitors // steps, pmf, self.rng)
            w = (1.0 / pmf)[:, None, :, None]
            self.crowds += np.stack([rows, w * rows, hits, w * hits])
            self.pmfs.append(pmf)
            self.rows.append(rows.sum(axis=3))
            self.hits.append(hits.sum(axis=3))

    def _learned(self) -> FloatArray:
        """Return Thompson's distribution by channel, its probabilities as counts over draws."""
        rows, hits = (sum(one.sum(axis=1) for one in x) for x in (self.rows, self.hits))
        drawn = self.rng.beta(1.0 + hits, 1.0 + rows - hits, (DRAWS, *np.shape(rows)))
        wide = len(NAMES)
        share = (drawn.argmax(axis=2)[..., None] == np.arange(wide)).mean(axis=0)
        return np.asarray((1.0 - wide * FLOOR) * share + FLOOR)


def cube_of(log: Log, axis: int) -> Cube:
    """Return the cube of a log by channel or city (axis 0), or by stage (axis 1)."""
    shape = log.world.rates.shape
    segments = STAGES if axis else CHANNELS if shape[0] == len(CHANNELS) else tuple("abcdef")
    rows, hits, pmf = np.stack(log.rows), np.stack(log.hits), np.stack(log.pmfs)
    w = np.broadcast_to(1.0 / pmf[:, :, None, :], rows.shape)
    names = ("segment", "possible", "settled", "pair", "rows")
    pair = np.arange(rows[..., 0].size)
    step, channel, stage = (x.ravel() for x in np.indices(rows.shape[:3]))
    stratum = join_strata(propensity_class(pmf)[step, channel], channel * len(STAGES) + stage)
    key = (channel, stage)[axis]
    size, e = rows.sum(axis=3).ravel(), pmf[step, channel]
    shown = (key, np.zeros_like(key), np.ones(len(key), bool), pair, size)
    weights = size[:, None]
    masses = Masses(
        **dict(zip(names, shown, strict=True)),
        inverse=weights / e,
        inverse_square=weights / e**2,
        expected=weights * e,
        variance=weights * e * (1.0 - e),
    )
    none, blank = np.zeros(0, int), np.zeros(0)
    return Cube(
        [(name,) for name in segments],
        NAMES,
        ("policy",),
        (frozenset(range(len(NAMES))),),
        _groups(log, rows, hits, w, axis),
        masses,
        _draws(rows, hits, w, key),
        Blocks(step, stratum),
        Ages(none, none, none, blank, none),
        Allocation(none, none, none, none, none, blank, none, none, blank, blank),
        Delays(blank, blank),
        np.zeros(len(segments), int),
    )


def _draws(rows: IntArray, hits: IntArray, w: FloatArray, key: IntArray) -> Draws:
    n, y, weight = rows.ravel().astype(float), hits.ravel().astype(float), w.ravel()
    wide = len(NAMES)
    segment, pair = np.repeat(key, wide), np.repeat(np.arange(len(key)), wide)
    arm, zero = np.tile(np.arange(wide), len(key)), np.zeros(len(n), int)
    return Draws(
        *(segment, zero, np.ones(len(n), bool), pair, arm, n, y, y, y, y),
        *(weight * n, weight * y, weight**2 * n, weight**2 * y, weight**2 * y),
    )


def _groups(log: Log, rows: IntArray, hits: IntArray, w: FloatArray, axis: int) -> Groups:
    cell = [x.ravel() for x in np.indices(rows.shape[1:])]
    n, y = rows.sum(axis=0).ravel(), hits.sum(axis=0).ravel()
    weighed = ((w * rows), (w**2 * rows), (w * hits), (w**2 * hits), (w**2 * hits))
    every, size = log.crowds.reshape(4, -1), len(n)
    crowds = Crowds(
        np.arange(size + 1) * CLUSTERS,
        np.tile(np.arange(CLUSTERS), size),
        every[0].astype(int),
        every[1],
        every[2],
        every[3],
    )
    zero, real = np.zeros(size, int), y.astype(float)
    return Groups(
        *(cell[axis], cell[2], zero, zero + 1, zero, np.ones(size, bool), np.arange(size), crowds),
        *(n, y, y, zero, zero, real, real, real),
        *(x.sum(axis=0).ravel() for x in weighed),
    ).where(n > 0)
