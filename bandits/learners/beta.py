"""Beta learner: Thompson sampling with a Beta posterior for each (cell, arm), shrunk to the pool.

The pool is all cells together. The rate of arm a in cell c has the prior mean mu_a * lift_c: the
arm's pooled rate times the ratio of the cell's conversions to those expected from its arms
(Gamma-Poisson, shrunk to 1). The prior has the weight of h conversions, where
1 / h = 1 / k + 1 / (1 + s_a): k says how well arms keep their order over cells (empirical Bayes,
by moments), s_a is the number of the arm's conversions outside this cell. So a sparse cell borrows
from the pool, a cell that differs follows its own data, and a new arm starts wide, at the slot's
mean rate.

Forgetting is 2 ** (-age / half_life) on the buckets (Raj and Kalyani 2017, "Taming
non-stationary bandits"). An exposure counts at once, its conversion when it comes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.config import LearnerConfig
from bandits.counts import CountTable, Interval, WeightedCounts
from bandits.features import CellSpec
from bandits.learners.amounts import amount_draws
from bandits.learners.bounded import ShownCells, bound_policy
from bandits.policies.base import Policy
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.table import TableDraws
from bandits.units import DAY

HALF_LIFE = 7.0 * DAY
START_TRIALS = 20.0  # with START_CONVERSIONS gives 5 %, the rate of a slot without data
START_CONVERSIONS = 1.0
LIFT_STRENGTH = 3.0  # weight of lift 1 in a cell, in conversions
LEAST_STRENGTH, MOST_STRENGTH = 2.0, 200.0  # conversions; the range of k
LEAST_RATE, MOST_RATE = 1e-6, 0.95


@dataclass(frozen=True, eq=False)
class Totals:
    """Totals of the weighted counts by cell and arm, (C, K) each, and by arm, (K,) each.

    The totals by arm include rows whose cell is not one of the present spec.

    Attributes:
        codes: (C,) ascending integers of the cells seen.
    """

    codes: IntArray
    trials: FloatArray
    conversions: FloatArray
    arm_trials: FloatArray
    arm_conversions: FloatArray


@dataclass(frozen=True, eq=False)
class BetaPosterior:
    """Beta posteriors (C + 1, K) of the rates in the cells `codes` (C,); the last row is pooled."""

    codes: IntArray
    alpha: FloatArray
    beta: FloatArray


def fit(
    config: LearnerConfig,
    table: CountTable,
    at: float,
    *,
    seed: int = 0,
    version: str = "0",
    meta: Mapping[str, object] | None = None,
    quarantined: Sequence[Interval] = (),
) -> Policy:
    """Fit the ensemble policy of M draws from the Beta posteriors; see `learners.fit`."""
    half_life = config.policy.half_life or HALF_LIFE
    weighted = table.weigh_buckets(at, half_life, quarantined)
    spec = CellSpec.build(config.context, config.policy.max_cells)
    found = posterior(totals(weighted, spec, len(config.arms)), config.policy.strength)
    draws = draw_worths(config, spec, weighted, found, np.random.default_rng(seed))
    policy = EnsemblePolicy(
        arms=config.names,
        version=version,
        meta=meta or {},
        draws=draws,
        floor=config.policy.explore_share * config.policy.floor,
        explore_share=config.policy.explore_share,
        seed=seed,
    )
    return bound_policy(config, policy, shown_cells(config, spec, table, at, quarantined), draws)


def draw_worths(
    config: LearnerConfig,
    spec: CellSpec,
    weighted: WeightedCounts,
    found: BetaPosterior,
    rng: np.random.Generator,
) -> TableDraws:
    """Return draws of each arm's worth by cell: of its rate, or of rate times amount."""
    shape = (len(found.alpha), config.policy.draws, len(config.arms))
    draws = rng.beta(found.alpha[:, None, :], found.beta[:, None, :], shape)
    if config.objective == "revenue":
        draws *= amount_draws(weighted, len(config.arms), config.policy.draws, rng)
    return TableDraws(spec, found.codes, draws.astype(np.float32))


def shown_cells(
    config: LearnerConfig,
    spec: CellSpec,
    table: CountTable,
    at: float,
    quarantined: Sequence[Interval],
) -> ShownCells:
    """Return the cells of a table with their exposures of all time."""
    whole = totals(table.weigh_buckets(at, math.inf, quarantined), spec, len(config.arms))
    shown = whole.trials
    levels, hits = spec.levels_of(whole.codes), whole.arm_conversions
    return ShownCells(spec, levels, shown, shown.sum(axis=1), hits)


def totals(weighted: WeightedCounts, spec: CellSpec, arms: int) -> Totals:
    """Return totals of weighted counts over K arms; rows of removed arms are left out."""
    known = weighted.arms < arms
    codes = np.array([spec.code_of(str(cell)) for cell in weighted.cells], dtype=np.int64)
    seen = np.unique(codes[known & (codes >= 0)])
    trials = np.zeros((len(seen), arms))
    conversions = np.zeros((len(seen), arms))
    inside = known & (codes >= 0)
    place = (np.searchsorted(seen, codes[inside]), weighted.arms[inside])
    np.add.at(trials, place, weighted.trials[inside])
    np.add.at(conversions, place, weighted.conversions[inside])
    arm_trials, arm_conversions = np.zeros(arms), np.zeros(arms)
    np.add.at(arm_trials, weighted.arms[known], weighted.trials[known])
    np.add.at(arm_conversions, weighted.arms[known], weighted.conversions[known])
    return Totals(seen, trials, conversions, arm_trials, arm_conversions)


def posterior(sums: Totals, strength: float | None = None) -> BetaPosterior:
    """Compute the Beta posteriors of the rates, shrunk towards the pool.

    Args:
        sums: totals of the weighted counts.
        strength: k, in conversions; None to estimate it from the data.
    """
    total = sums.arm_conversions.sum() + START_CONVERSIONS
    overall = min(total / (sums.arm_trials.sum() + START_TRIALS), 0.5)
    rate = (sums.arm_conversions + START_CONVERSIONS) / (
        sums.arm_trials + START_CONVERSIONS / overall
    )
    rate = np.clip(rate, LEAST_RATE, MOST_RATE)
    mean = np.clip(rate * _lift(sums, rate)[:, None], LEAST_RATE, MOST_RATE)
    k = _strength(sums, mean) if strength is None else strength
    outside = np.maximum(sums.arm_conversions - sums.conversions, 0.0)
    worth = 1.0 / (1.0 / k + 1.0 / (START_CONVERSIONS + outside))
    pool_worth = 1.0 / (1.0 / k + 1.0 / (START_CONVERSIONS + sums.arm_conversions))
    mean, worth = np.vstack([mean, rate]), np.vstack([worth, pool_worth])
    hits = np.vstack([np.maximum(sums.conversions, 0.0), np.zeros_like(rate)])
    misses = np.vstack([np.maximum(sums.trials - sums.conversions, 0.0), np.zeros_like(rate)])
    return BetaPosterior(sums.codes, worth + hits, worth * (1.0 - mean) / mean + misses)


def _lift(sums: Totals, rate: FloatArray) -> FloatArray:
    """Return the ratio (C,) of conversions to those expected from the arms' rates, shrunk to 1."""
    expected = sums.trials @ rate
    return np.asarray(
        (sums.conversions.sum(axis=1) + LIFT_STRENGTH) / (expected + LIFT_STRENGTH)
    ).clip(0.01, 100.0)


def _strength(sums: Totals, mean: FloatArray) -> float:
    """Estimate k, how well the cells keep the order of the arms, in conversions.

    Counts s with mean e = n * mu and a Gamma multiplier of shape k have the variance
    e (1 - mu) + e**2 / k; k follows from the sums of both sides.
    """
    expected = sums.trials * mean
    excess = ((sums.conversions - expected) ** 2 - expected * (1.0 - mean)).sum()
    square = float((expected**2).sum())
    if excess <= 0.0 or square <= 0.0:
        return MOST_STRENGTH
    return float(np.clip(square / excess, LEAST_STRENGTH, MOST_STRENGTH))
