"""Simulation of many runs of Thompson assignment, to measure the coverage of intervals.

Visitors come in batches. Each batch is assigned by the distribution that M draws from the Beta
posteriors give, mixed with uniform to keep the floor, as it is served. Within a batch only counts
matter, so a run costs two draws per arm and batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.arm_sums import ArmSums
from bandits.inference.arm_table import ArmTable
from bandits.inference.moments import Moments
from bandits.inference.srm import RatioSums

PRIOR_HITS, PRIOR_MISSES = 1.0, 20.0


@dataclass(frozen=True, eq=False)
class InterimLook:
    """State of all R runs after some of their batches.

    Attributes:
        visitors: number so far, in each run.
        table: sums by arm (R, K).
        part: the same of the last batch alone.
        ratio: assignments against their propensities (R, K).
        skewed: `ratio` of runs in which a share of the visitors is given arm 0.
    """

    visitors: int
    table: ArmTable
    part: ArmTable
    ratio: RatioSums
    skewed: RatioSums


def thompson_looks(
    rates: Sequence[float],
    *,
    runs: int,
    visitors: int = 20_000,
    looks: int = 100,
    floor: float = 0.02,
    draws: int = 128,
    skew: float = 0.02,
    season: Sequence[float] = (),
    seed: int = 0,
) -> Iterator[InterimLook]:
    """Yield the state of all runs after each batch.

    Args:
        rates: (K,) true conversion rates of the arms.
        runs: number R of runs.
        visitors: number in each run, in equal batches.
        looks: number of batches.
        floor: least propensity of each arm.
        draws: number M of posterior draws for each batch.
        skew: share of visitors to whom `InterimLook.skewed` gives arm 0, whatever was drawn.
        season: factors of all rates by batch, repeated; empty for 1 throughout.
        seed: seed of all random numbers.
    """
    rng, p = np.random.default_rng(seed), np.asarray(rates, dtype=np.float64)
    batch, shape = visitors // looks, (runs, len(p))
    table, zeros = _empty(shape), np.zeros(shape)
    ratio, skewed = RatioSums(zeros, zeros), RatioSums(zeros, zeros)
    for look in range(1, looks + 1):
        pmf = _serve_pmf(table, rng, draws, floor)
        shown = rng.multinomial(batch, pmf)
        now = p * season[(look - 1) % len(season)] if season else p
        part = _batch(shown, rng.binomial(shown, now), pmf, batch)
        table += part
        variance = batch * pmf * (1.0 - pmf)
        ratio += RatioSums(shown - batch * pmf, variance)
        forced = (1.0 - skew) * pmf + skew * (np.arange(len(p)) == 0)
        skewed += RatioSums(rng.multinomial(batch, forced) - batch * pmf, variance)
        yield InterimLook(look * batch, table, part, ratio, skewed)


def _serve_pmf(table: ArmTable, rng: np.random.Generator, draws: int, floor: float) -> FloatArray:
    hits = PRIOR_HITS + table.hits
    misses = PRIOR_MISSES + table.shown - table.hits
    shape = (hits.shape[0], draws, hits.shape[1])
    best = rng.beta(hits[:, None, :], misses[:, None, :], shape).argmax(axis=2)
    wins = np.stack([(best == arm).mean(axis=1) for arm in range(shape[2])], axis=1)
    return np.asarray((1.0 - shape[2] * floor) * wins + floor, dtype=np.float64)


def _empty(shape: tuple[int, int]) -> ArmTable:
    return ArmTable(np.zeros(shape[0]), *(np.zeros(shape) for _ in range(12)))


def _batch(shown: IntArray, hits: IntArray, pmf: FloatArray, batch: int) -> ArmTable:
    n, c = shown.astype(np.float64), hits.astype(np.float64)
    w = 1.0 / pmf
    return ArmTable(
        rows=np.full(len(n), float(batch)),
        shown=n,
        hits=c,
        reward=c,
        square=c,
        cube=c,
        weight=n * w,
        value=c * w,
        weight_square=n * w * w,
        weight_value=c * w * w,
        value_square=c * w * w,
        inverse=batch * w,
        inverse_square=batch * w * w,
    )


def run_sums(part: ArmTable, run: int) -> ArmSums:
    """Return the sums of one run's batch; those of later batches are added to them."""
    table = select_run(part, run)
    return ArmSums(table, Moments.empty(2 * table.shown.shape[-1]))


def select_run(table: ArmTable, run: int) -> ArmTable:
    """Return the sums by arm (K,) of one run."""
    return ArmTable(*(getattr(table, name)[run] for name in table.__dataclass_fields__))
