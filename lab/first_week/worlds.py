"""Worlds that a log allows: draws from the posterior of what each variant brings to whom.

The default learner is fitted to all rows of the log, without forgetting and without the rule that a
slot starts from. Its draws are narrower than the posterior, because it explores by them; here they
get the posterior's own width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.config import LearnerConfig
from bandits.config_policy import PolicyConfig
from bandits.counts import CountTable
from bandits.learners import fit
from bandits.policies.feature_draws import FeatureDraws
from bandits.policies.feature_ensemble import FeatureEnsemble
from lab.first_week.week_log import TRIALS, WeekLog
from nudge.domain.basics.money import FEN
from nudge.domain.slots.learning import learner_config

DRAWS: Final = 256
"""Posterior draws, from which the worlds are taken; their mean has to be near the posterior's."""


@dataclass(frozen=True, eq=False)
class DrawnWorld:
    """A world that a log allows.

    Attributes:
        rates: (G, K) probability of a conversion.
        amounts: (K,) mean worth of a conversion: 1, or yuan where revenue is the objective.
    """

    rates: FloatArray
    amounts: FloatArray

    @property
    def worth(self) -> FloatArray:
        """Expected worth (G, K) of an exposure."""
        return np.asarray(self.rates * self.amounts, dtype=np.float64)


def draw_worlds(log: WeekLog, known: BoolArray, count: int, seed: int) -> list[DrawnWorld]:
    """Draw worlds from the posterior of the default learner.

    A variant that the log does not know for a group is never worth more to it than the best one
    that the log knows: no gain rests on what is extrapolated, and its trials cost what they may.

    Args:
        log: counts, with at least one conversion.
        known: (G, K) variants that the log knows.
        count: number of worlds.
        seed: determines the worlds, together with the log.
    """
    config = _world_config(learner_config(log.slot), max(DRAWS, count))
    policy = cast("FeatureEnsemble", fit(config, _table(log), 0.0, seed=seed))
    fitted = cast("FeatureDraws", policy.draws)
    draws = widen_draws(fitted, float(str(policy.meta["width"])))
    codes = draws.spec.codes(log.contexts, len(log.groups))
    some = replace(draws, draws=draws.draws[:, :count].copy(), amounts=None)
    rates = 1.0 / (1.0 + np.exp(-some.scores(codes).astype(np.float64)))
    amounts = np.ones((len(config.arms), count))
    if fitted.amounts is not None:
        amounts = fitted.amounts[:, :count].astype(np.float64) / FEN
    worlds = (DrawnWorld(rates[:, :, i], amounts[:, i]) for i in range(count))
    return [_bounded(world, known & log.eligible) for world in worlds]


def widen_draws(draws: FeatureDraws, width: float) -> FeatureDraws:
    """Return draws of the posterior's own width from draws of a fit without forgetting.

    Args:
        draws: of one normal posterior.
        width: ratio of their standard deviation to the posterior's.
    """
    exact = draws.draws.astype(np.float64)
    mean = exact.mean(axis=1, keepdims=True)
    wide = mean + (exact - mean) / width
    return replace(draws, draws=wide.astype(np.float32))


def _world_config(config: LearnerConfig, draws: int) -> LearnerConfig:
    policy = PolicyConfig(
        kind="auto", half_life=math.inf, draws=draws, max_cells=config.policy.max_cells, give_up=1.0
    )
    # A world has no rule to stay near, and none that is believed.
    return replace(config, policy=policy, rule=None)


def _table(log: WeekLog) -> CountTable:
    """Return the log's counts in one bucket: nothing is forgotten."""
    return CountTable.from_rows(
        (0, group.cell, arm, *row)
        for group, rows in zip(log.groups, log.sums.tolist(), strict=True)
        for arm, row in enumerate(rows)
        if row[TRIALS]
    )


def _bounded(world: DrawnWorld, known: BoolArray) -> DrawnWorld:
    """Return the world in which what is not known is at most worth the best of what is."""
    best = np.where(known, world.worth, 0.0).max(axis=1, keepdims=True)
    least = np.where(known.any(axis=1, keepdims=True), best, np.inf)
    bound = least / np.maximum(world.amounts, 1e-12)
    rates = np.where(known, world.rates, np.minimum(world.rates, bound))
    return replace(world, rates=rates)
