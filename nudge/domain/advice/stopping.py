"""Advice to stop variants, by what visitors of each segment would lose.

A variant that is worse on average may be the best for some visitors. So it can be stopped only
where the segments together lose at most a hundredth of the slot's value, at every look: the loss of
a segment is its share of the exposures times the upper end of what the variant may have over the
variants that stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference import sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.verdict import LEAST_HITS

TOLERANCE: Final = 0.01
"""Share of the slot's mean reward that advice may cost."""
SMALL: Final = 0.02
"""Share of the exposures below which segments of a dimension are put together."""


@dataclass(frozen=True)
class SegmentLead:
    """A segment in which a variant that is behind on average is ahead of all that stay.

    Attributes:
        arm: index of the variant.
        dimension: name of the attribute.
        value: its value in the segment, as text.
    """

    arm: int
    dimension: str
    value: str


@dataclass(frozen=True)
class StopAdvice:
    """Advice on the variants that are behind.

    Attributes:
        stoppable: indices of those that nobody would miss, all of them at once.
        leads: where the others are ahead.
    """

    stoppable: tuple[int, ...] = ()
    leads: tuple[SegmentLead, ...] = ()


@dataclass(frozen=True)
class SegmentSums:
    """Sums of the compared variants in one segment of a dimension."""

    value: str
    sums: ArmSums


@dataclass(frozen=True)
class _Reach:
    """Ends (K, K) of first - second in a segment, and its share of the exposures."""

    dimension: str
    value: str
    share: float
    low: FloatArray
    high: FloatArray


def stop_advice(
    beaten: Collection[int],
    mean: float,
    dimensions: Mapping[str, Sequence[SegmentSums]],
    *,
    alpha: float,
    unit: float | None = None,
) -> StopAdvice:
    """Return which of the variants that are behind can be stopped, valid at every look.

    Args:
        beaten: indices of the variants that are behind the leader on average.
        mean: reward of the leader, of which a hundredth may be lost.
        dimensions: the segments of each dimension, with the same K variants.
        alpha: probability that advice is ever wrong, over all segments and variants.
        unit: size of an ordinary reward, see `sequence.differences`.
    """
    merged = {name: merge_small(found) for name, found in dimensions.items()}
    segments = sum(map(len, merged.values()))
    if not beaten or not segments:
        return StopAdvice()
    reach = [
        part
        for name, found in merged.items()
        for part in _reaches(name, found, alpha=alpha, comparisons=segments, unit=unit)
    ]
    arms = len(reach[0].low)
    gone = set(beaten)
    while gone and _loss(reach, gone, arms) > TOLERANCE * mean:
        gone.remove(max(sorted(gone), key=lambda arm: _loss(reach, {arm}, arms, gone)))
    stay = [arm for arm in range(arms) if arm not in gone]
    leads = tuple(
        SegmentLead(arm, one.dimension, one.value)
        for one in reach
        for arm in sorted(set(beaten) - gone)
        if one.value and all(one.low[arm, other] > 0.0 for other in stay if other != arm)
    )
    return StopAdvice(tuple(sorted(gone)), leads)


def merge_small(found: Sequence[SegmentSums]) -> list[SegmentSums]:
    """Put the segments with less than a fiftieth of the exposures together, under no value."""
    rows = [float(one.sums.table.rows) for one in found]
    least = SMALL * sum(rows)
    large = [one for one, count in zip(found, rows, strict=True) if count >= max(least, 1.0)]
    rest = [one.sums for one, count in zip(found, rows, strict=True) if 0.0 < count < least]
    if not rest:
        return large
    total = rest[0]
    for one in rest[1:]:
        total += one
    return [*large, SegmentSums("", total)]


def _reaches(
    name: str,
    found: Sequence[SegmentSums],
    *,
    alpha: float,
    comparisons: int,
    unit: float | None,
) -> list[_Reach]:
    every = sum(float(one.sums.table.rows) for one in found)
    out = []
    for one in found:
        # A segment loses only its best variant: an error takes one of K - 1 one-sided ends.
        each = 2.0 * alpha / (max(one.sums.arms - 1, 1) * comparisons)
        band = sequence.differences(one.sums, alpha=each, unit=unit)
        few = float(one.sums.table.hits.sum()) < LEAST_HITS
        high = np.full_like(band.high, np.inf) if few else band.high
        low = np.full_like(band.low, -np.inf) if few else band.low
        out.append(_Reach(name, one.value, float(one.sums.table.rows) / every, low, high))
    return out


def _loss(
    reach: Sequence[_Reach], lost: Collection[int], arms: int, gone: Collection[int] = ()
) -> float:
    """Return the most that any dimension's segments lose without some variants."""
    without = set(lost) | set(gone)
    stay = [arm for arm in range(arms) if arm not in without]
    losses: dict[str, float] = {}
    for one in reach:
        worst = max(float(one.high[arm, stay].min()) for arm in lost)
        losses[one.dimension] = losses.get(one.dimension, 0.0) + one.share * max(worst, 0.0)
    return max(losses.values())
