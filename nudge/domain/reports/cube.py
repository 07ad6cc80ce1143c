"""A report's sums: the lake's rows by segment, variant and group of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.reports.quarantined_exposures import QuarantinedExposures

OTHER = "\x1fother"
"""The segment of all values that have no segment of their own."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """Sums over exposures of one group and of one group of subjects; m of them.

    Attributes:
        cluster: (m,) group of the subjects.
        rows: (m,) exposures.
        weight: (m,) sum of w.
        reward: (m,) sum of Y.
        weight_value: (m,) sum of w Y.
    """

    cluster: IntArray
    rows: IntArray
    weight: FloatArray
    reward: FloatArray
    weight_value: FloatArray


@dataclass(frozen=True, eq=False)
class Crowds:
    """The sums by group of subjects of all groups of a cube, one group behind the other.

    Attributes:
        start: (n + 1,) first place of each group, and the end.
        cluster: (m,), with the others as in `Crowd`.
    """

    start: IntArray
    cluster: IntArray
    rows: IntArray
    weight: FloatArray
    reward: FloatArray
    weight_value: FloatArray

    def take(self, numbers: IntArray) -> tuple[IntArray, Crowd]:
        """Return the sums of some groups, and the place of its group among them for each."""
        sizes = self.start[numbers + 1] - self.start[numbers]
        place = np.repeat(np.arange(len(numbers)), sizes)
        shift = self.start[numbers] - (sizes.cumsum() - sizes)
        where = np.arange(len(place)) + shift[place]
        columns = (self.cluster, self.rows, self.weight, self.reward, self.weight_value)
        return place, Crowd(*(column[where] for column in columns))


@dataclass(frozen=True, eq=False)
class Groups:
    """Sums over exposures that agree in all key columns; n groups.

    Attributes:
        segment: (n,) index of the segment.
        variant: (n,) index of the variant shown.
        reason: (n,) index of the reason.
        revision: (n,) of the slot.
        possible: (n,) index of the set of eligible variants.
        settled: bool (n,), True for final rewards.
        number: (n,) places of the groups in `crowds`.
        crowds: of all groups of the cube.
        rows: (n,) exposures.
        hits: (n,) exposures with a reward other than 0.
        conversions: (n,) net.
        value: (n,) fen, net.
        capped: (n,) exposures whose reward was above the cap.
        reward: (n,) sum of Y, up to the cap each.
        square: (n,) sum of Y^2.
        cube: (n,) sum of |Y|^3.
        weight: (n,) sum of w = 1 / propensity.
        weight_square: (n,) sum of w^2.
        weight_value: (n,) sum of w Y.
        square_value: (n,) sum of w^2 Y.
        square_square: (n,) sum of w^2 Y^2.
    """

    segment: IntArray
    variant: IntArray
    reason: IntArray
    revision: IntArray
    possible: IntArray
    settled: BoolArray
    number: IntArray
    crowds: Crowds
    rows: IntArray
    hits: IntArray
    conversions: IntArray
    value: IntArray
    capped: IntArray
    reward: FloatArray
    square: FloatArray
    cube: FloatArray
    weight: FloatArray
    weight_square: FloatArray
    weight_value: FloatArray
    square_value: FloatArray
    square_square: FloatArray

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.segment)

    def where(self, kept: BoolArray) -> Groups:
        """Select the groups where `kept` (n,) holds."""
        columns = {name: getattr(self, name) for name in self.__dataclass_fields__}
        crowds = columns.pop("crowds")
        return Groups(crowds=crowds, **{name: x[kept] for name, x in columns.items()})

    def crowd(self) -> tuple[IntArray, Crowd]:
        """Return the sums by group of subjects, and the group (m,) here that each belongs to."""
        return self.crowds.take(self.number)

    def clusters(self) -> int:
        """Return the number of groups of subjects that occur: a lower bound on the people."""
        _, found = self.crowd()
        return int(np.count_nonzero(np.bincount(found.cluster, found.rows)))

    def total(self, name: str) -> int:
        """Return the exact sum of a column of integers."""
        return int(getattr(self, name).sum())


@dataclass(frozen=True, eq=False)
class Masses:
    """Sums over all exposures that the policy drew, whatever was drawn; m rows by K variants.

    Attributes:
        segment: (m,) index of the segment.
        possible: (m,) index of the set of eligible variants.
        settled: bool (m,), True for final rewards.
        pair: (m,) place of block and stratum in the cube's `blocks`.
        rows: (m,) exposures.
        inverse: (m, K) sum of 1 / e.
        inverse_square: (m, K) sum of 1 / e^2.
        expected: (m, K) sum of e.
        variance: (m, K) sum of e (1 - e).
    """

    segment: IntArray
    possible: IntArray
    settled: BoolArray
    pair: IntArray
    rows: IntArray
    inverse: FloatArray
    inverse_square: FloatArray
    expected: FloatArray
    variance: FloatArray

    def where(self, kept: BoolArray) -> Masses:
        """Select the rows where `kept` (m,) holds."""
        return Masses(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Draws:
    """Sums over the exposures that the policy drew, by block of time and stratum; m of them.

    Attributes:
        segment: (m,) index of the segment.
        possible: (m,) index of the set of eligible variants.
        settled: bool (m,), True for final rewards.
        pair: (m,) place of block and stratum in the cube's `blocks`.
        variant: (m,) index of the variant shown.
        rows: (m,) exposures; this and all others as in `Groups`.
    """

    segment: IntArray
    possible: IntArray
    settled: BoolArray
    pair: IntArray
    variant: IntArray
    rows: FloatArray
    hits: FloatArray
    reward: FloatArray
    square: FloatArray
    cube: FloatArray
    weight: FloatArray
    weight_value: FloatArray
    weight_square: FloatArray
    square_value: FloatArray
    square_square: FloatArray

    def where(self, kept: BoolArray) -> Draws:
        """Select the rows where `kept` (m,) holds."""
        return Draws(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Blocks:
    """The pairs of block and stratum that occur, by block.

    A stratum is a function of what is known of a visitor and of the logged probabilities.

    Attributes:
        block: (P,) hours since the epoch.
        stratum: (P,) number.
    """

    block: IntArray
    stratum: IntArray


@dataclass(frozen=True, eq=False)
class Ages:
    """Exposures with an open window, by age.

    Attributes:
        segment: (n,) index of the segment.
        variant: (n,) index of the variant.
        reason: (n,) index of the reason.
        age: (n,) seconds, within 6 %.
        rows: (n,) exposures.
    """

    segment: IntArray
    variant: IntArray
    reason: IntArray
    age: FloatArray
    rows: IntArray

    def where(self, kept: BoolArray) -> Ages:
        """Select the rows where `kept` (n,) holds."""
        return Ages(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Allocation:
    """Exposures that the policy drew, by hour, or by a part of it that no zone cuts.

    Attributes:
        start: (n,) seconds since the epoch, of the start.
        variant: (n,) index of the variant.
        revision: (n,) of the slot.
        rows: (n,) exposures.
        bits: (n,) a bit for each of 60 groups of subjects among them.
        first: (n,) seconds, of the first exposure.
        oldest: (n,) least version of the policy.
        newest: (n,) greatest version of the policy.
        lowest: (n,) least floor of the policy; nan where no decision has one.
        highest: (n,) greatest floor of the policy; nan where no decision has one.
    """

    start: IntArray
    variant: IntArray
    revision: IntArray
    rows: IntArray
    bits: IntArray
    first: FloatArray
    oldest: IntArray
    newest: IntArray
    lowest: FloatArray
    highest: FloatArray


@dataclass(frozen=True, eq=False)
class Delays:
    """Conversions: (n,) seconds from exposure, and age of the exposure (infinite if settled)."""

    delay: FloatArray
    age: FloatArray


@dataclass(frozen=True, eq=False)
class Cube:
    """The cube of a report: all sums that it is computed from.

    Attributes:
        segments: the values of the dimensions, in their order; `OTHER` alone is the rest.
        variants: the K variants, in the order of their indices.
        reasons: in the order of their indices.
        possible: sets of eligible variants, in the order of their indices.
        groups: sums by group of subjects.
        masses: sums over whatever was drawn.
        draws: sums over what was drawn, by block and stratum.
        blocks: pairs of block and stratum.
        ages: of open exposures.
        allocation: over time.
        delays: of conversions.
        degraded: exposures decided without the visitor's state, by segment (S,).
        quarantined: exposures in outages, which are in none of the sums.
        quarantines: what left them out, each with its number of exposures.
        cap: yuan; the most that counts as the reward of an exposure, None without a cap.
    """

    segments: Sequence[tuple[str, ...]]
    variants: Sequence[str]
    reasons: Sequence[str]
    possible: Sequence[frozenset[int]]
    groups: Groups
    masses: Masses
    draws: Draws
    blocks: Blocks
    ages: Ages
    allocation: Allocation
    delays: Delays
    degraded: IntArray
    quarantined: int = 0
    quarantines: tuple[QuarantinedExposures, ...] = ()
    cap: float | None = None

    @property
    def revisions(self) -> tuple[int, ...]:
        """The revisions of the slot that occur, in order."""
        return tuple(np.unique(self.groups.revision).tolist())

    def reason(self, name: str) -> int:
        """Return the index of a reason; -1 where it does not occur."""
        return list(self.reasons).index(name) if name in self.reasons else -1
