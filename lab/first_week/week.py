"""A week of a slot in a world: the service learns from nothing, beside the operator's own rule.

Visitors are counted by group, and not one by one, so that a week costs the same whatever its
number of visitors. All worths are expected ones: of a visitor's luck there is none in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.contract import Policy
from bandits.counts import FINE
from bandits.units import DAY
from lab.first_week.week_log import CONVERSIONS, SQUARE, VALUE, WeekLog
from lab.first_week.worlds import DrawnWorld
from nudge.domain.basics.money import FEN
from nudge.domain.slots.learning import first_policy
from nudge.flows.folds.page_share import FitMemories
from nudge.flows.folds.publish import fit_learner
from nudge.store.folds.counts import CountRow

FIRST: Final = 20
"""Visitors before the first snapshot, and fewest between two."""
GROWTH: Final = 1 / 6
"""Visitors between two snapshots, as a share of those before.

The service publishes oftener: what is lost by it here makes the answer a little too careful.
"""
RULE, NUDGE, ORACLE = range(3)
Number = TypeVar("Number", float, FloatArray)


@dataclass(frozen=True)
class WeekTerms:
    """The terms on which a week is played.

    Attributes:
        days: length in days.
        per_day: visitors a day.
        holdout: share of the visitors who get their page's fallback.
        usual: share of the others who get the operator's own rule.
        begins: seconds; the start.
    """

    days: int
    per_day: float
    holdout: float
    usual: float
    begins: float

    @property
    def visitors(self) -> int:
        """Visitors of the week."""
        return max(round(self.days * self.per_day), 1)

    @property
    def points(self) -> list[int]:
        """Numbers of visitors at which a snapshot is published or a day ends, from 0 on."""
        ends = {round(day * self.per_day) for day in range(1, self.days + 1)}
        found, size = {0, *ends, self.visitors}, 0
        while size < self.visitors:
            size += max(FIRST, int(size * GROWTH))
            found.add(min(size, self.visitors))
        return sorted(one for one in found if one <= self.visitors)

    def time_of(self, visitor: Number) -> Number:
        """Return the seconds at which a visitor comes: they come evenly."""
        return self.begins + visitor / self.per_day * DAY


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


@dataclass(eq=False)
class _Batches:
    """The exposures of a week so far, by batch, group and variant, and what came of them."""

    log: WeekLog
    terms: WeekTerms
    world: DrawnWorld
    rng: np.random.Generator
    starts: list[int] = field(default_factory=list)
    shown: list[IntArray] = field(default_factory=list)
    hits: list[IntArray] = field(default_factory=list)
    _waiting: FloatArray = field(default_factory=lambda: np.zeros((3, 0)))

    def add(self, start: int, stop: int, shown: IntArray) -> None:
        """Add a batch (G, K), and draw its conversions; each counts when it comes."""
        hits = self.rng.binomial(shown, self.world.rates)
        self.starts.append(start)
        self.shown.append(shown)
        self.hits.append(np.zeros_like(hits) if self.log.delay else hits)
        if self.log.delay is None:
            return
        places = np.repeat(np.arange(hits.size), hits.ravel())
        came = self.terms.time_of(self.rng.uniform(start, stop, len(places)))
        luck = self.rng.random(len(places))
        due = came + np.interp(luck, self.log.delay.cdf, self.log.delay.edges)
        batch = np.full(len(places), len(self.shown) - 1)
        self._waiting = np.hstack([self._waiting, np.stack([due, batch, places])])

    def settle(self, now: float) -> None:
        """Count the conversions that have come by now."""
        due = self._waiting[0] <= now
        _, batch, place = self._waiting[:, due].astype(np.int64)
        self._waiting = self._waiting[:, ~due]
        for one in np.unique(batch).tolist():
            np.add.at(self.hits[one].reshape(-1), place[batch == one], 1)

    def rows(self) -> list[CountRow]:
        """Return the counts as the service keeps them."""
        names, groups = self.log.slot.names, self.log.groups
        found = []
        for start, shown, hits in zip(self.starts, self.shown, self.hits, strict=True):
            bucket = int(self.terms.time_of(start) // FINE) * FINE
            for group, arm in zip(*(one.tolist() for one in np.nonzero(shown)), strict=True):
                hit = int(hits[group, arm])
                value, square = self._money[arm]
                tally = (int(shown[group, arm]), hit, round(hit * value), round(hit * square))
                found.append(CountRow(bucket, groups[group].cell, names[arm], tally))
        return found

    @property
    def _money(self) -> list[tuple[float, float]]:
        """Mean and mean square, in fen, of one conversion of each variant."""
        if self.log.slot.terms.objective != "revenue":
            return [(0.0, 0.0)] * len(self.log.slot.names)
        means = self.world.amounts * FEN
        whole = self.log.sums.sum(axis=(0, 1))
        count = max(int(whole[CONVERSIONS]), 1)
        spread = max(whole[SQUARE] / count - (whole[VALUE] / count) ** 2, 0.0)
        return [(float(mean), float(mean**2 + spread)) for mean in means]


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
    batches, memories = _Batches(log, terms, world, rng), FitMemories()
    policy, points = first_policy(log.slot), terms.points
    worth, single = np.zeros((3, len(points) - 1)), np.zeros(len(log.slot.names))
    moved = guessed = 0
    for i, (start, stop) in enumerate(pairwise(points)):
        came = rng.multinomial(stop - start, log.shares)
        learned, beside = _show(log, policy, came, terms, rng)
        whole = learned + beside
        worth[:, i], more = _weigh(log, world, came, whole)
        single += more
        others = whole.copy()
        others[np.arange(len(others)), log.own] = 0
        moved += int(others.sum())
        guessed += int(whole[~known].sum())
        batches.add(start, stop, learned)
        now = terms.time_of(stop)
        batches.settle(now)
        if stop < points[-1]:
            policy = fit_learner(log.slot, batches.rows(), [0], now, i + 1, memories)
        look(stop - start)
    return WeekRun(worth, single, moved / terms.visitors, guessed / terms.visitors)


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
