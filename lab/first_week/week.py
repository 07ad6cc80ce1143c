"""A week of a slot in a world: the service learns from nothing, beside the operator's own rule.

Visitors are counted by group, and not one by one, so that a week costs the same whatever its
number of visitors. All worths are expected ones: of a visitor's luck there is none in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.contract import Policy
from lab.first_week.week_counts import WeekCounts
from lab.first_week.week_log import WeekLog
from lab.first_week.week_terms import WeekTerms
from lab.first_week.worlds import DrawnWorld
from nudge.domain.slots.learning import first_policy
from nudge.flows.folds.learner_fit import fit_learner
from nudge.flows.folds.page_share import FitMemories

RULE, NUDGE, ORACLE = range(3)


@dataclass(frozen=True, eq=False)
class WeekRun:
    """The result of a week in one world.

    Attributes:
        worth: (3, n) expected worth by batch: of the rule, of the service, of the oracle.
        single: (K,) expected worth of the week with each variant for everybody who may see it.
        moved: share of the visitors who saw another variant than the rule's.
        guessed: share of the visitors who saw a variant that the log does not know for them.
    """

    worth: FloatArray
    single: FloatArray
    moved: float
    guessed: float


def play_week(
    log: WeekLog,
    known: BoolArray,
    world: DrawnWorld,
    terms: WeekTerms,
    seed: int,
    look: Callable[[int], object] = lambda _: None,
) -> WeekRun:
    """Play a week in a world.

    Args:
        log: who comes, and the slot.
        known: (G, K) variants that the log knows.
        world: what comes of it.
        terms: length and number of visitors.
        seed: determines the week, together with the rest.
        look: is called with the number of visitors after each batch.
    """
    rng = np.random.default_rng(seed)
    counts, memories = WeekCounts(log, terms, world, rng), FitMemories()
    policy, points = first_policy(log.slot), terms.points
    worth, single = np.zeros((3, len(points) - 1)), np.zeros(len(log.slot.names))
    seen = np.zeros((len(log.groups), len(log.slot.names)), dtype=np.int64)
    for i, (start, stop) in enumerate(pairwise(points)):
        came = rng.multinomial(stop - start, log.shares)
        learned, beside = _show(log, policy, came, terms, rng)
        worth[:, i], more = _weigh(log, world, came, learned + beside)
        single, seen = single + more, seen + learned + beside
        counts.add(start, stop, learned)
        counts.settle(terms.time_of(stop))
        if stop < points[-1]:
            rows, now = counts.rows(), terms.time_of(stop)
            policy = fit_learner(log.slot, rows, [0], now, i + 1, memories)
        look(stop - start)
    own = int(seen[np.arange(len(seen)), log.own].sum())
    guessed = int(seen[~known].sum()) / terms.visitors
    return WeekRun(worth, single, 1.0 - own / terms.visitors, guessed)


def _show(
    log: WeekLog, policy: Policy, came: IntArray, terms: WeekTerms, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return who saw what (G, K): by the policy, and in the groups that it does not serve."""
    anything = log.eligible.any(axis=1)
    held = np.where(anything, rng.binomial(came, terms.holdout), came)
    usual = rng.binomial(came - held, terms.usual)
    beside = np.zeros((len(came), len(log.slot.names)), dtype=np.int64)
    learned = np.zeros_like(beside)
    np.add.at(beside, (np.arange(len(came)), log.fallback), held)
    np.add.at(beside, (np.arange(len(came)), log.own), usual)
    rest = came - held - usual
    here = np.flatnonzero(rest)
    if len(here):
        contexts = {name: column[here] for name, column in log.contexts.items()}
        pmf = policy.distribution(contexts, log.eligible[here])
        learned[here] = rng.multinomial(rest[here], pmf / pmf.sum(axis=1, keepdims=True))
    return learned, beside


def _weigh(
    log: WeekLog, world: DrawnWorld, came: IntArray, shown: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the expected worth of a batch: of rule, service and oracle, and of each variant."""
    groups = np.arange(len(came))
    own = world.worth[groups, log.own]
    best = np.where(log.eligible, world.worth, -np.inf).max(axis=1)
    best = np.where(np.isfinite(best), best, own)
    single = np.where(log.eligible, world.worth, own[:, None])
    sums = [came @ own, (shown * world.worth).sum(), came @ best]
    return np.array(sums, dtype=np.float64), np.asarray(came @ single, dtype=np.float64)
