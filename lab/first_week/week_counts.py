"""Counts of a week, as the service keeps them: an exposure at once, a conversion when it comes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.counts import FINE
from lab.first_week.week_log import CONVERSIONS, SQUARE, VALUE, WeekLog
from lab.first_week.week_terms import WeekTerms
from lab.first_week.worlds import DrawnWorld
from nudge.domain.basics.money import FEN
from nudge.store.folds.counts import CountRow


@dataclass(eq=False)
class WeekCounts:
    """The exposures of a week so far, and what came of them.

    Attributes:
        log: who comes, and the slot.
        terms: terms of the week.
        world: what comes of an exposure.
        rng: source of the random numbers.
        starts: first visitor of each batch.
        shown: exposures (G, K) of each batch.
        hits: conversions (G, K) of each batch that have come.
    """

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
