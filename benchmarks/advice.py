"""How often advice calls a variant stoppable that a segment needs, and how often it names the best.

    python -m benchmarks advice

Logs of worlds with segments (channel: two; stage: three, of rates 1:2:5), looked at ten times on
the way to a million visitors. In a third of them one variant is best for all, in a third another
one for WAP visitors (8-50 % of all), in a third two are better there than the one that leads on
average. The policy that drew differs by channel. The truth is known, so a harm is one: a removal
of all that is called stoppable, at any look, that costs more than 1 % of the slot's value.
The baseline calls stoppable what is below the leader on average.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from benchmarks.options import option_parser
from nudge.domain.advice.slot_advice import AdviceTerms, slot_advice
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

BASELINE = "by the mean"
WORLDS, SMALL = 200, 3
VISITORS, LOOKS = 1_000_000, 10
KINDS = ("one best for all", "another for WAP", "two for WAP")
NAMES = ("data_draw", "coffee", "movie")
CHANNELS, STAGES = ("web", "wap"), ("new", "loyal", "lapsing")
LEVELS, STAGE_SHARES = np.array([1.0, 2.0, 5.0]), np.array([0.5, 0.3, 0.2])
CLUSTERS, MOST_LOST, ALPHA = 64, 0.01, 0.05


@dataclass(frozen=True)
class World:
    """A world of two dimensions: C channels, S stages, K variants.

    Attributes:
        shares: (C, S) of the visitors.
        rates: (C, S, K) chance of a conversion.
        pmf: (C, K) of the policy.
    """

    shares: FloatArray
    rates: FloatArray
    pmf: FloatArray

    @classmethod
    def of(cls, kind: str, seed: int) -> World:
        """Draw a world."""
        rng = np.random.default_rng((seed, KINDS.index(kind)))
        wap = rng.uniform(0.08, 0.5)
        shares = np.outer([1.0 - wap, wap], STAGE_SHARES)
        effect = np.array([[1.25, 1.0, 0.95], [1.25, 1.0, 0.95]])
        if kind == KINDS[1]:
            effect[1] = [1.0, rng.uniform(1.1, 1.2), 0.9]
        if kind == KINDS[2]:
            effect[1] = [1.0, 1.15, 1.15]
        rates = 0.03 * LEVELS[None, :, None] * effect[:, None, :]
        return cls(shares, rates, 0.85 * rng.dirichlet(np.ones(3), size=2) + 0.05)

    def lost(self, stopped: Sequence[int]) -> float:
        """Return what a removal costs, as a share of the value of the best for each visitor."""
        kept = [arm for arm in range(len(NAMES)) if arm not in stopped]
        best, left = self.rates.max(axis=2), self.rates[:, :, kept].max(axis=2)
        return float((self.shares * (best - left)).sum() / (self.shares * best).sum())

    def log(self, visitors: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
        """Draw exposures and conversions: each (C, S, K, CLUSTERS)."""
        chances = self.shares[:, :, None] * self.pmf[:, None, :]
        chances = np.repeat(chances[..., None] / CLUSTERS, CLUSTERS, axis=3)
        rows = rng.multinomial(visitors, chances.ravel()).reshape(chances.shape)
        return rows, rng.binomial(rows, self.rates[..., None])


def _crowds(rows: IntArray, hits: IntArray, w: FloatArray) -> Crowds:
    """Return the sums by group of subjects, behind each other by channel, stage and arm."""
    wide = rows.shape[3]
    n, y, weight = rows.ravel(), hits.ravel().astype(float), np.repeat(w, wide)
    start = np.arange(len(w) + 1) * wide
    return Crowds(start, np.tile(np.arange(wide), len(w)), n, weight * n, y, weight * y)


def cube_of(world: World, rows: IntArray, hits: IntArray, axis: int) -> Cube:
    """Return the cube of a log by channel (axis 0) or stage (axis 1)."""
    segments = (CHANNELS, STAGES)[axis]
    channel, stage, arm = (x.ravel() for x in np.indices(rows.shape[:3]))
    w = 1.0 / world.pmf[channel, arm]
    n, y = (x.sum(axis=3).ravel() for x in (rows, hits))
    zero, settled, real = np.zeros_like(n), np.ones(len(n), bool), y.astype(float)
    key = channel if axis == 0 else stage
    weighed = (w * n, w * w * n, w * real, w * w * real, w * w * real)
    groups = Groups(
        *(key, arm, zero, zero + 1, zero, settled, np.arange(len(n)), _crowds(rows, hits, w)),
        *(n, y, y, zero, zero, real, real, real),
        *weighed,
    ).where(n > 0)
    draws = Draws(
        *(key, zero, settled, channel, arm, n.astype(float), real, real, real, real),
        *(weighed[0], weighed[2], weighed[1], weighed[3], weighed[4]),
    )
    cells = rows.sum(axis=(2, 3))
    where, stages = (x.ravel() for x in np.indices(cells.shape))
    size, e = cells.ravel(), world.pmf[where]
    key, weights = (where, stages)[axis], size[:, None]
    masses = Masses(
        *(key, np.zeros_like(key), np.ones(len(key), bool), where, size),
        *(weights / e, weights / e**2, weights * e, weights * e * (1.0 - e)),
    )
    none, blank = np.zeros(0, int), np.zeros(0)
    return Cube(
        [(name,) for name in segments],
        NAMES,
        ("policy",),
        (frozenset(range(len(NAMES))),),
        groups,
        masses,
        draws,
        Blocks(np.zeros(len(CHANNELS), int), np.arange(len(CHANNELS))),
        Ages(none, none, none, blank, none),
        Allocation(none, none, none, none, none, blank, none, none),
        Delays(blank, blank),
        np.zeros(len(segments), int),
    )


@dataclass(frozen=True)
class Advised:
    """The end of a world.

    Attributes:
        lost: most that advice cost at any look, by segments and by the mean.
        named: all but the best were stoppable at the last look.
    """

    lost: tuple[float, float]
    named: bool


def advised(kind: str, seed: int, visitors: int = VISITORS, looks: int = LOOKS) -> Advised:
    """Look at a world again and again, and return what following the advice would have cost."""
    world, rng = World.of(kind, seed), np.random.default_rng(seed + 1_000_000)
    terms, lost, count = AdviceTerms(NAMES, revenue=False, alpha=ALPHA), [0.0, 0.0], 0
    rows = hits = np.zeros((2, 3, len(NAMES), CLUSTERS), dtype=np.int64)
    for _ in range(looks):
        more = world.log(visitors // looks, rng)
        rows, hits = rows + more[0], hits + more[1]
        found = slot_advice(
            terms, {n: cube_of(world, rows, hits, i) for i, n in enumerate(("channel", "stage"))}
        )
        for i, names in enumerate((found.stoppable, found.stoppable | found.needs.keys())):
            lost[i] = max(lost[i], world.lost([NAMES.index(name) for name in names]))
        count = len(found.stoppable)
    return Advised((lost[0], lost[1]), count == len(NAMES) - 1)


def main(arguments: Sequence[str] = ()) -> int:
    """Print harms by kind of world; 1 where a removal cost too much, or a best was not named."""
    small = option_parser("advice", __doc__).parse_args(arguments).small
    worlds, began, wrong = SMALL if small else WORLDS, time.perf_counter(), 0
    print(f"{'world':18} {'logs':>5} {'harmed':>7} {BASELINE:>12} {'all named':>10}")
    for kind in KINDS:
        number = len(range(KINDS.index(kind), worlds, len(KINDS)))
        found = [advised(kind, seed) for seed in range(number)]
        harm = [sum(one.lost[i] > MOST_LOST for one in found) for i in range(2)]
        named = sum(one.named for one in found)
        wrong += harm[0] + (number - named if kind == KINDS[0] else 0)
        print(f"{kind:18} {number:5} {harm[0]:7} {harm[1]:12} {named:10}")
    print(f"{time.perf_counter() - began:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
