"""Advice on a slot: variants that no segment of its context needs, by value and not by mean."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bandits.inference.interval import Estimate
from bandits.inference.verdict import RELEVANT, verdict
from nudge.domain.advice.gains import SegmentGains, bands, most_lost
from nudge.domain.advice.personal_gain import fallback_gain, personal_gain
from nudge.domain.reports import comparison
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import OTHER, Cube
from nudge.domain.reports.inferred_figures import LEVEL
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.sentences import Advice, Need

TOLERANCE: Final = 0.01
"""Share of a slot's value that a removal may cost."""
PAGE: Final = "page"
"""Dimension by which a slot may have other fallbacks."""
SMALL: Final = 0.0025
"""Share of a slot's rewards in those segments that are too small to tell; it counts as lost."""


@dataclass(frozen=True)
class AdviceTerms:
    """The terms of a slot's advice.

    Attributes:
        enabled: names of the variants that may be compared.
        revenue: the reward is yuan, not conversions.
        alpha: chance that a variant is ever called stoppable that a segment needs.
        personal: the policy chooses by context, and its gain is told.
        fallback: page -> variant, with that of all other pages; empty where it is not known.
    """

    enabled: Sequence[str]
    revenue: bool
    alpha: float
    personal: bool = False
    fallback: Mapping[str, str] = field(default_factory=dict)

    @property
    def unit(self) -> float | None:
        """The size of an ordinary reward, where it is known before the first."""
        return None if self.revenue else 1.0


def slot_advice(terms: AdviceTerms, views: Mapping[str, Cube]) -> Advice:
    """Return which variants may be stopped, and who needs those that lose on average.

    Args:
        terms: of the advice.
        views: dimension -> the cube of the whole slot by this dimension, at least one.
    """
    whole = ComparisonRows.of(next(iter(views.values()))).matured()
    arms = comparison.comparable_variants(whole, terms.enabled)
    sums = comparison.arm_sums_of(whole, arms, shares=not terms.revenue)
    found = verdict(sums, alpha=terms.alpha, unit=terms.unit)
    names, leader = whole.cube.variants, found.leader
    level = float(sums.table.reward.sum() / max(float(sums.table.rows), 1.0))
    if leader is None or not level > 0.0:
        return Advice()
    cuts = {name: cube for name, cube in views.items() if len(cube.segments) > 1}
    alpha = terms.alpha / max(1, sum(len(cube.segments) for cube in cuts.values()))
    partitions = [_partition(terms, name, cube, arms, alpha) for name, cube in cuts.items()]
    looked = _Removal(partitions, arms, level)
    beaten = [arms[arm] for arm in found.beaten]
    stopped = looked.largest(beaten)
    held = [arm for arm in beaten if arm not in stopped]
    needs = [_need(looked, arm, stopped, names) for arm in held]
    closest = [] if found.second is None else [arms[leader], arms[found.second]]
    either = all(looked.cost([*stopped, arm]) <= RELEVANT for arm in closest)
    opposed = [] if either else [_need(looked, arm, stopped, names) for arm in closest]
    return Advice(
        frozenset(names[arm] for arm in stopped),
        {one.variant: one for one in needs},
        {one.variant: one for one in opposed},
        *_gains(terms, whole, arms, views.get(PAGE)),
    )


def _gains(
    terms: AdviceTerms, whole: ComparisonRows, arms: Sequence[int], pages: Cube | None
) -> tuple[Estimate | None, Estimate | None]:
    """Return what a personal policy brings over the best single variant, and over the fallback."""
    if not terms.personal or len(arms) < 2 or whole.drawn.clusters() < FEWEST:  # noqa: PLR2004
        return None, None
    best = personal_gain(whole, arms, shares=not terms.revenue, level=LEVEL)
    if pages is None or not terms.fallback:
        return best, None
    return best, fallback_gain(pages, terms.fallback, level=LEVEL)


_Partition = tuple[Sequence[SegmentGains], float]
"""Segments that can be told, and what the others may lose as a share of the slot's value."""


@dataclass(frozen=True)
class _Removal:
    partitions: Sequence[_Partition]
    arms: Sequence[int]
    level: float

    def cost(self, stopped: Collection[int]) -> float:
        """Return the most that a removal may cost, as a share of the slot's value."""
        kept = [arm for arm in self.arms if arm not in stopped]
        return max(
            (
                most_lost(view, stopped, kept, small * self.level) / self.level
                for view, small in self.partitions
            ),
            default=0.0,
        )

    def largest(self, beaten: Sequence[int]) -> list[int]:
        """Return what can be stopped together: the costliest is taken out until it costs little."""
        stopped = list(beaten)
        while stopped and self.cost(stopped) > TOLERANCE:
            stopped.remove(max(stopped, key=lambda arm: self._own(arm, stopped)))
        return stopped

    def _own(self, arm: int, stopped: Sequence[int]) -> float:
        kept = [one for one in self.arms if one not in stopped]
        return max(most_lost(view, [arm], kept, 0.0) for view, _ in self.partitions)


def _need(looked: _Removal, arm: int, stopped: Collection[int], names: Sequence[str]) -> Need:
    """Return the segment that would lose most without a variant, by what it is seen to gain."""
    kept = [one for one in looked.arms if one not in stopped and one != arm]
    every = [one for view, _ in looked.partitions for one in view if arm in one.offered]
    seen = [one for one in every if 0.0 < one.seen_of(arm, kept) < math.inf]
    if seen:
        most = max(seen, key=lambda one: one.share * one.seen_of(arm, kept))
        return Need(names[arm], most.segment, leads=True)
    if not every:
        return Need(names[arm], {}, leads=False)
    most = max(every, key=lambda one: one.share * max(0.0, one.most_of(arm, kept)))
    return Need(names[arm], most.segment, leads=False)


def _partition(
    terms: AdviceTerms, name: str, cube: Cube, arms: Sequence[int], alpha: float
) -> _Partition:
    whole = ComparisonRows.of(cube).matured().drawn
    rows, hits = max(whole.total("rows"), 1), max(float(whole.reward.sum()), 1e-9)
    found, hidden = [], 0.0
    for number, values in enumerate(cube.segments):
        part = ComparisonRows.of(cube, number).matured()
        told = "other" if values == (OTHER,) else values[0]
        compared = [a for a in comparison.comparable_variants(part, terms.enabled) if a in arms]
        sums = comparison.arm_sums_of(part, compared, shares=not terms.revenue)
        value, high = bands(sums, alpha, terms.unit)
        share, rewards = part.drawn.total("rows") / rows, float(part.drawn.reward.sum()) / hits
        if part.drawn.clusters() < FEWEST:
            hidden += max(rewards, share)  # too few people for a figure, and for being named
            continue
        offered = {i for i in arms if _eligible(part, i)}
        found.append(SegmentGains({name: told}, share, rewards, offered, compared, value, high))
    found.sort(key=lambda one: one.rewards + one.share)
    small, left_out = 0, 0.0
    for one in found:
        # Exposures count beside rewards: where nothing was earned yet, much may be missed.
        if left_out + max(one.rewards, one.share) > SMALL:
            break
        small, left_out = small + 1, left_out + max(one.rewards, one.share)
    return found[small:], left_out + hidden


def _eligible(part: ComparisonRows, arm: int) -> bool:
    sets = part.cube.possible
    return any(arm in sets[i] for i in set(part.masses.possible.tolist()))
