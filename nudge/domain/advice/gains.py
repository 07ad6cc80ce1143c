"""Gains of variants over each other in a segment: what a removal may cost there, at every look."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference import sequence
from bandits.inference.arm_sums import ArmSums


@dataclass(frozen=True, eq=False)
class SegmentGains:
    """Differences of the variants' means in a segment, with their upper ends.

    Attributes:
        segment: dimension -> value.
        share: of the slot's exposures.
        rewards: share of the slot's rewards.
        offered: variants that were eligible at all.
        arms: variants that are compared, in the order of the arrays.
        value: (K, K) first - second.
        high: (K, K) upper ends of the confidence sequences.
    """

    segment: Mapping[str, str]
    share: float
    rewards: float
    offered: Collection[int]
    arms: Sequence[int]
    value: FloatArray
    high: FloatArray

    def most_of(self, variant: int, kept: Collection[int]) -> float:
        """Return the most that a variant may be above the best of those that are kept."""
        return self._over(self.high, variant, kept)

    def seen_of(self, variant: int, kept: Collection[int]) -> float:
        """Return the estimate of how far a variant is above the best of those that are kept."""
        return self._over(self.value, variant, kept)

    def _over(self, table: FloatArray, variant: int, kept: Collection[int]) -> float:
        if variant not in self.offered:
            return -np.inf
        places = [i for i, arm in enumerate(self.arms) if arm in kept]
        if variant not in self.arms or not places:
            return np.inf
        found = np.nan_to_num(table[list(self.arms).index(variant), places], nan=np.inf)
        return float(found.min())


def bands(sums: ArmSums, alpha: float, unit: float | None) -> tuple[FloatArray, FloatArray]:
    """Return estimates and upper ends (K, K) of the differences in a segment.

    Only the best variant of a segment can be missed there, so that K sequences can be wrong in a
    way that matters, each on one side.

    Args:
        sums: of the segment.
        alpha: chance that advice misses the segment's best variant, at any look.
        unit: size of an ordinary reward, see `sequence.differences`.
    """
    if not sums.arms:
        return np.zeros((0, 0)), np.zeros((0, 0))
    band = sequence.differences(sums, alpha=2.0 * alpha / sums.arms, unit=unit)
    return band.value, band.high


def most_lost(
    view: Sequence[SegmentGains], stopped: Collection[int], kept: Collection[int], small: float
) -> float:
    """Return the most that visitors of a partition may lose an exposure by a removal.

    A removal costs a segment what its best variant is above the best of those that are kept. The
    variants that are removed together are looked at together: each of two may stand in for the
    other, and nothing stands in for both.

    Args:
        view: segments that have all visitors together.
        stopped: variants that are removed.
        kept: variants that stay.
        small: what the segments that are too small to tell may lose.
    """
    return small + sum(
        one.share * max(0.0, *(one.most_of(arm, kept) for arm in stopped), 0.0) for one in view
    )
