"""Worlds of visitors who differ, in which no variant is better than all others, or one is.

Visitors come in 100 batches. A policy of Thompson sampling with a floor shows the variants, by
segment, all segments alike, or as given. Within a batch only counts matter, so that many runs are
played at once; where subjects return, rows are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.cap import reward_cap
from bandits.inference.arm_blocks import ArmBlocks, join_strata, propensity_class
from bandits.inference.arm_sums import ArmSums, arm_sums
from bandits.inference.arm_table import ArmTable
from bandits.inference.moments import Moments

LOOKS: Final = 100
DRAWS: Final = 64
HITS, MISSES = 1.0, 20.0
"""Prior of the policy."""
SUBJECTS: Final = 20_000
EARLIER: Final = 1_000
"""Payments that the cap of revenue is taken from, as in the service."""


@dataclass(frozen=True)
class World:
    """A world of S segments and K variants.

    Attributes:
        rates: (S, K) of conversion.
        shares: (S,) of the visitors.
        floor: least propensity of each variant, in the first and in the second half.
        pmf: (S, K) where the policy does not learn.
        pooled: whether the policy takes all segments for one.
        season: factors of the rates, repeated over the batches.
        sigma: of a lognormal revenue of a conversion with mean 1; 0 for conversions.
        capped: whether revenue counts up to the cap that a thousand earlier payments give.
        known: whether it is known which segment a visitor is of: to who looks, beside the policy.
        learned: whether the default learner plays.
        delay: batches after which a reward is known, to the policy and to who looks.
        returning: whether visitors differ by a beta law with the rate as mean, and come back.
        batch: visitors of a batch.
        seconds: of a batch, where the default learner plays.
    """

    rates: tuple[tuple[float, ...], ...]
    shares: tuple[float, ...] = (1.0,)
    floor: tuple[float, float] = (0.02, 0.02)
    pmf: tuple[tuple[float, ...], ...] = ()
    pooled: bool = False
    season: tuple[float, ...] = (1.0,)
    sigma: float = 0.0
    capped: bool = False
    known: bool = False
    learned: bool = False
    delay: int = 0
    returning: bool = False
    batch: int = 1_000
    seconds: float = 3_600.0

    @property
    def in_one_pass(self) -> bool:
        """Whether the looks of a finished log are those that were.

        The size of an ordinary payment and the design effect of subjects are those of the whole
        log, where one pass gives all looks.
        """
        return not self.sigma and not self.returning

    @property
    def arms(self) -> int:
        """Number K of variants."""
        return len(self.rates[0])

    @property
    def truth(self) -> FloatArray:
        """Mean rates (K,) over the visitors, without the season."""
        return np.asarray(np.array(self.shares) @ np.array(self.rates))


_MIXED: Final = (0.3, 0.7)
_EQUAL: Final = World(((0.15,) * 4, (0.03,) * 4), _MIXED)
_AVOIDED: Final = replace(_EQUAL, pmf=((0.02, *((0.98 / 3),) * 3), (0.25,) * 4))
_MONTH: Final = tuple(
    (1.3 if day % 7 > 4 else 1.0) * (3.0 if day > 26 else 1.0)  # noqa: PLR2004 - weekends, 27th on
    for day in range(30)
)
_PAIR: Final = World(((0.03, 0.036),))
_LEVEL: Final = World(
    ((0.5, 0.6), (0.00526, 0.006312)), (0.05, 0.95), (0.1, 0.1), pooled=True, known=True
)
"""Two variants at 3 and 3.6 % on average, most payments from a twentieth of the visitors."""

NOBODY: Final[dict[str, World]] = {
    "4 equal arms at 3 %": World(((0.03,) * 4,)),
    "30 % at 15 %, 70 % at 3 %": _EQUAL,
    "one arm avoided, 20,000": replace(_AVOIDED, batch=200),
    "one arm avoided, 100,000": _AVOIDED,
    "one of two arms avoided": replace(
        _EQUAL, rates=((0.15,) * 2, (0.03,) * 2), pmf=((0.02, 0.98), (0.5, 0.5))
    ),
    "4 arms at .5 %, floor .002": World(((0.005,) * 4,), floor=(0.002, 0.002)),
    "3 segments, 1:5:20": World(((0.01,) * 4, (0.05,) * 4, (0.2,) * 4), (0.6, 0.3, 0.1)),
    "subjects that return": World(((0.03,) * 4,), returning=True),
    "lognormal revenue": World(((0.03,) * 4,), sigma=1.0),
    "lognormal revenue, 2 arms": replace(_EQUAL, rates=((0.15,) * 2, (0.03,) * 2), sigma=1.0),
    "lognormal, sigma 2, uncut": replace(_EQUAL, rates=((0.15,) * 2, (0.03,) * 2), sigma=2.0),
    "lognormal, sigma 2, capped": replace(
        _EQUAL, rates=((0.15,) * 2, (0.03,) * 2), sigma=2.0, capped=True
    ),
    "month's end x 3": replace(_EQUAL, season=_MONTH),
    "floor .02, then .20": replace(_EQUAL, floor=(0.02, 0.2)),
    "floor .10, then .005": replace(_EQUAL, floor=(0.1, 0.005)),
    "rewards 10 batches late": replace(_EQUAL, delay=10),
    "6 arms": replace(_EQUAL, rates=((0.15,) * 6, (0.03,) * 6)),
    "2 arms": replace(_EQUAL, rates=((0.15,) * 2, (0.03,) * 2)),
    "default learner, 4 days": replace(_EQUAL, learned=True),
    "default learner, 100 days": replace(_EQUAL, learned=True, seconds=86_400.0),
}
"""Worlds in which every winner is a wrong one."""
BETTER: Final[dict[str, World]] = {
    "3 % and 3.6 %, floor .02": _PAIR,
    "3 % and 3.6 %, floor .10": replace(_PAIR, floor=(0.1, 0.1)),
    "3 % and 3.6 %, floor .20": replace(_PAIR, floor=(0.2, 0.2)),
    "3 % and 3.6 %, even": replace(_PAIR, pmf=((0.5, 0.5),)),
    "a known level, even": replace(_LEVEL, pmf=((0.5, 0.5),) * 2),
    "a known level, floor .10": _LEVEL,
}
"""Worlds in which the second variant is better by a fifth."""


def play(world: World, *, runs: int, seed: int) -> Iterator[list[ArmSums]]:
    """Yield each run's new exposures, look by look, as sums to add to those before."""
    if world.returning:
        yield from _play_rows(world, runs, np.random.default_rng(seed))
        return
    for table, pmf in play_segments(world, runs=runs, seed=seed):
        yield [_sums(world, table, pmf, run) for run in range(runs)]


def play_segments(world: World, *, runs: int, seed: int) -> Iterator[tuple[ArmTable, FloatArray]]:
    """Yield the sums (R, S, K) of the new exposures, look by look, and their probabilities."""
    rng, waiting = np.random.default_rng(seed), list[tuple[ArmTable, FloatArray]]()
    caps = _caps(world, runs, rng) if world.capped else None
    shape = (runs, len(world.shares), world.arms)
    shown, hits = np.zeros(shape), np.zeros(shape)
    for look in range(LOOKS):
        pmf = _pmf(world, shown, hits, look, rng)
        waiting.append((sum_batch(world, pmf, look, rng, world.batch, caps), pmf))
        if len(waiting) <= world.delay:
            continue
        table, old = waiting.pop(0)
        shown, hits = shown + table.shown, hits + table.hits
        yield table, old


def _pmf(
    world: World, shown: FloatArray, hits: FloatArray, look: int, rng: np.random.Generator
) -> FloatArray:
    """Return the probabilities (R, S, K) that a batch is shown by."""
    if world.pmf:
        return np.broadcast_to(np.array(world.pmf), shown.shape)
    if world.pooled:
        shown, hits = (np.broadcast_to(x.sum(1, keepdims=True), x.shape) for x in (shown, hits))
    shape = (len(shown), DRAWS, *shown.shape[1:])
    draws = rng.beta(HITS + hits[:, None], MISSES + (shown - hits)[:, None], shape)
    best = draws.argmax(axis=-1)
    wins = np.stack([(best == arm).mean(axis=1) for arm in range(world.arms)], axis=-1)
    floor = world.floor[2 * look // LOOKS]
    return np.asarray((1.0 - world.arms * floor) * wins + floor)


def sum_batch(
    world: World,
    pmf: FloatArray,
    look: int,
    rng: np.random.Generator,
    size: int,
    caps: FloatArray | None = None,
) -> ArmTable:
    """Return the sums (R, S, K) of the visitors of a look.

    Args:
        world: of the visitors.
        pmf: (R, S, K) that they are shown by.
        look: number of the look.
        rng: of the draws.
        size: number of visitors.
        caps: (R,) the most that counts of a reward; None without a cap.
    """
    visitors = rng.multinomial(size, world.shares, len(pmf))
    shown = rng.multinomial(visitors, pmf)
    rates = np.array(world.rates) * world.season[look % len(world.season)]
    hits = rng.binomial(shown, np.minimum(rates, 1.0))
    first, second, third = _powers(world, hits, rng, caps)
    w = 1.0 / pmf
    return ArmTable(
        rows=visitors.astype(np.float64),
        shown=shown.astype(np.float64),
        hits=hits.astype(np.float64),
        reward=first,
        square=second,
        cube=third,
        weight=shown * w,
        value=first * w,
        weight_square=shown * w * w,
        weight_value=first * w * w,
        value_square=second * w * w,
        inverse=visitors[..., None] * w,
        inverse_square=visitors[..., None] * w * w,
    )


def _caps(world: World, runs: int, rng: np.random.Generator) -> FloatArray:
    """Return each run's cap (R,), from payments before its first batch."""
    return np.array([reward_cap(_amounts(world, EARLIER, rng)) for _ in range(runs)])


def _amounts(world: World, size: int, rng: np.random.Generator) -> FloatArray:
    """Return lognormal amounts (n,) with mean 1."""
    return np.exp(world.sigma * rng.standard_normal(size) - world.sigma**2 / 2.0)


def _powers(
    world: World, hits: IntArray, rng: np.random.Generator, caps: FloatArray | None
) -> tuple[FloatArray, ...]:
    """Return the sums of rewards, of their squares and of their cubes, each (R, S, K)."""
    if not world.sigma:
        return (hits.astype(np.float64),) * 3
    place = np.repeat(np.arange(hits.size), hits.ravel())
    each = _amounts(world, len(place), rng)
    if caps is not None:
        each = np.minimum(each, caps[place // (hits.size // len(hits))])
    return tuple(
        np.bincount(place, each**power, hits.size).reshape(hits.shape) for power in (1, 2, 3)
    )


def _sums(world: World, table: ArmTable, pmf: FloatArray, run: int) -> ArmSums:
    """Return one run's batch as sums; where segments are not known, by probabilities alone."""
    part = table.take(np.array([run])).total()
    strata = propensity_class(pmf[run])
    if world.known:
        strata = join_strata(strata, np.arange(len(strata)))
    blocks = ArmBlocks(np.zeros(len(part.rows), dtype=np.int64), strata, part)
    return ArmSums(part.total(), Moments.empty(2 * pmf.shape[-1]), blocks=blocks)


def _play_rows(world: World, runs: int, rng: np.random.Generator) -> Iterator[list[ArmSums]]:
    """Yield batches of subjects that differ and return, run by run."""
    mean = world.truth[0]
    level = rng.beta(1.2, 1.2 / mean - 1.2, (runs, SUBJECTS))
    shape = (runs, 1, world.arms)
    shown, hits = np.zeros(shape), np.zeros(shape)
    for look in range(LOOKS):
        pmf = _pmf(world, shown, hits, look, rng)
        found = list[ArmSums]()
        for run in range(runs):
            who = rng.integers(0, SUBJECTS, world.batch)
            arms = rng.choice(world.arms, world.batch, p=pmf[run, 0])
            rewards = (rng.random(world.batch) < level[run, who]).astype(float)
            every = np.broadcast_to(pmf[run], (world.batch, world.arms))
            found.append(arm_sums(arms, rewards, every, who))
        shown += np.array([one.table.shown for one in found])[:, None]
        hits += np.array([one.table.hits for one in found])[:, None]
        yield found
