"""The inputs of inference from a report's sums: arms over common rows, policy against holdout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.inference.arm_blocks import ArmBlocks
from bandits.inference.arm_sums import ArmSums
from bandits.inference.arm_table import ArmTable
from bandits.inference.clusters import GROUPS
from bandits.inference.moments import Moments
from bandits.inference.srm import RatioSums
from nudge.domain.journal.records import DecisionReason
from nudge.domain.reports.cube import Crowd, Cube, Draws, Groups, Masses

POLICY = DecisionReason.POLICY
LIFTED = (POLICY, DecisionReason.ONLY_ELIGIBLE)
"""Reasons that decisions of the holdout and of the group `usual` would have had without it."""
HOLDOUT = DecisionReason.HOLDOUT
USUAL = DecisionReason.USUAL
OFTEN = 0.5
"""Share of the exposures in which a variant must have been eligible to be compared."""


@dataclass(frozen=True, eq=False)
class ComparisonRows:
    """The rows of one comparison.

    Attributes:
        cube: of the report.
        groups: of the segment, all reasons.
        masses: of the segment.
        draws: of the segment.
    """

    cube: Cube
    groups: Groups
    masses: Masses
    draws: Draws

    @classmethod
    def of(cls, cube: Cube, segment: int | None = None) -> ComparisonRows:
        """Select one segment, or all."""
        if segment is None:
            return cls(cube, cube.groups, cube.masses, cube.draws)
        return cls(
            cube,
            cube.groups.where(cube.groups.segment == segment),
            cube.masses.where(cube.masses.segment == segment),
            cube.draws.where(cube.draws.segment == segment),
        )

    def matured(self) -> ComparisonRows:
        """Select the rows whose rewards are final: the same object where all are."""
        if self.groups.settled.all():
            return self
        return ComparisonRows(
            self.cube,
            self.groups.where(self.groups.settled),
            self.masses.where(self.masses.settled),
            self.draws.where(self.draws.settled),
        )

    @cached_property
    def drawn(self) -> Groups:
        """The groups that the policy drew."""
        return self.reason(POLICY)

    def reason(self, *names: str) -> Groups:
        """Select the groups with one of these reasons."""
        wanted = [self.cube.reason(name) for name in names]
        return self.groups.where(np.isin(self.groups.reason, wanted))


def comparable_variants(part: ComparisonRows, enabled: Sequence[str]) -> list[int]:
    """Return the indices of the variants that can be compared, in order.

    They are enabled, were eligible in more than half of the rows that the policy drew, and share
    rows in which all of them were eligible.
    """
    every = part.masses.rows.sum()
    names = part.cube.variants
    rows = {i: _rows(part.masses, _with(part.cube, [i])) for i in range(len(names))}
    often = [i for i, name in enumerate(names) if name in enabled and rows[i] > OFTEN * every]
    often.sort(key=lambda i: (-rows[i], i))
    while len(often) > 1 and not _rows(part.masses, _with(part.cube, often)):
        often.pop()
    return sorted(often)


def arm_sums_of(part: ComparisonRows, arms: Sequence[int], *, shares: bool) -> ArmSums:
    """Compare some variants over the rows in which each of them was eligible.

    Args:
        part: of the report.
        arms: indices of variants.
        shares: every reward is 0 or 1.
    """
    sets = _with(part.cube, arms)
    drawn = part.drawn
    groups = drawn.where(sets[drawn.possible])
    masses = part.masses.where(sets[part.masses.possible])
    left_out = drawn.total("rows") - groups.total("rows")
    blocks = _blocks(part, sets, arms)
    table = _table(groups, masses, arms)
    return ArmSums(table, _moments(groups, arms), left_out, shares, blocks=blocks)


def possible_rows(part: ComparisonRows, arms: Sequence[int]) -> Groups:
    """Return the groups that the policy drew where each of some variants was eligible."""
    sets = _with(part.cube, arms)
    return part.drawn.where(sets[part.drawn.possible])


def ratio_of(part: ComparisonRows) -> RatioSums:
    """Return exposures minus the sum of propensities, with its variance, for all K variants."""
    drawn = part.drawn
    counts = np.bincount(drawn.variant, drawn.rows, len(part.cube.variants))
    expected = part.masses.expected.sum(axis=0)
    return RatioSums(counts - expected, part.masses.variance.sum(axis=0))


def holdout_sums_of(part: ComparisonRows, shares: Mapping[int, float], *, binary: bool) -> ArmSums:
    """Compare policy (arm 0) and holdout (arm 1).

    Args:
        part: of the report.
        shares: revision -> share of the subjects in the holdout; rows of other revisions are left
            out.
        binary: every reward is 0 or 1.
    """
    return _group_sums(part, LIFTED, HOLDOUT, shares, binary=binary)


def usual_sums_of(part: ComparisonRows, shares: Mapping[int, float], *, binary: bool) -> ArmSums:
    """Compare policy (arm 0) and the group `usual` (arm 1), as `holdout_sums_of`."""
    return _group_sums(part, LIFTED, USUAL, shares, binary=binary)


def usual_held_sums_of(
    part: ComparisonRows, shares: Mapping[int, float], *, binary: bool
) -> ArmSums:
    """Compare the group `usual` (arm 0) and the holdout (arm 1), as `holdout_sums_of`."""
    return _group_sums(part, (USUAL,), HOLDOUT, shares, binary=binary)


def _group_sums(
    part: ComparisonRows,
    reasons: Sequence[str],
    beside: str,
    shares: Mapping[int, float],
    *,
    binary: bool,
) -> ArmSums:
    """Compare the rows of some reasons (arm 0) and of a group (arm 1) of known shares."""
    both = part.reason(*reasons, beside)
    revisions, places = np.unique(both.revision, return_inverse=True)
    share = np.array([shares.get(int(r), 0.0) for r in revisions])[places]
    known = (share > 0.0) & (share < 1.0)
    left_out = int(both.rows[~known].sum())
    both, share = both.where(known), share[known]
    held = both.reason == part.cube.reason(beside)
    pmf = np.stack([1.0 - share, share], axis=1)
    arm = held.astype(np.int64)
    return ArmSums(_held_table(both, arm, pmf), _held_moments(both, arm, pmf), left_out, binary)


def _with(cube: Cube, arms: Sequence[int]) -> BoolArray:
    """Return a mask over the sets of variants: True where the set has all of the arms."""
    return np.array([found.issuperset(arms) for found in cube.possible], dtype=np.bool_)


def _rows(masses: Masses, sets: BoolArray) -> int:
    return int(masses.rows[sets[masses.possible]].sum()) if len(masses.rows) else 0


def _table(groups: Groups, masses: Masses, arms: Sequence[int]) -> ArmTable:
    place = _places(groups.variant, arms)

    def by_arm(column: IntArray | FloatArray) -> FloatArray:
        kept = place >= 0
        return np.bincount(place[kept], column[kept], len(arms)).astype(np.float64)

    return ArmTable(
        rows=np.asarray(float(groups.total("rows"))),
        shown=by_arm(groups.rows),
        hits=by_arm(groups.hits),
        reward=by_arm(groups.reward),
        square=by_arm(groups.square),
        cube=by_arm(groups.cube),
        weight=by_arm(groups.weight),
        value=by_arm(groups.weight_value),
        weight_square=by_arm(groups.weight_square),
        weight_value=by_arm(groups.square_value),
        value_square=by_arm(groups.square_square),
        inverse=masses.inverse[:, list(arms)].sum(axis=0),
        inverse_square=masses.inverse_square[:, list(arms)].sum(axis=0),
    )


def _moments(groups: Groups, arms: Sequence[int]) -> Moments:
    wide = len(arms)
    group, crowd = groups.crowd()
    place = _places(groups.variant, arms)[group]
    kept = place >= 0
    flat = crowd.cluster[kept] * wide + place[kept]
    w = np.bincount(flat, crowd.weight[kept], GROUPS * wide).reshape(GROUPS, wide)
    wy = np.bincount(flat, crowd.weight_value[kept], GROUPS * wide).reshape(GROUPS, wide)
    return _clustered(groups, crowd, np.hstack([w, wy]))


def _blocks(part: ComparisonRows, sets: BoolArray, arms: Sequence[int]) -> ArmBlocks:
    """Return the sums by block and stratum over the rows of some sets of variants."""
    masses = part.masses.where(sets[part.masses.possible])
    draws = part.draws.where(sets[part.draws.possible])
    every = part.cube.blocks
    occurs = np.flatnonzero(np.bincount(masses.pair, minlength=len(every.block)))
    new = np.zeros(len(every.block), dtype=np.int64)
    new[occurs] = np.arange(len(occurs))
    pair, shown = new[masses.pair], new[draws.pair]
    place, size, wide = _places(draws.variant, arms), len(occurs), len(arms)
    kept = place >= 0
    flat = shown[kept] * wide + place[kept]

    def by_arm(column: FloatArray) -> FloatArray:
        found = np.bincount(flat, column[kept], size * wide).astype(np.float64)
        return found.reshape(size, wide)

    def of_all(columns: FloatArray) -> FloatArray:
        found = [np.bincount(pair, columns[:, arm], size) for arm in arms]
        return np.stack(found, axis=1) if found else np.zeros((size, 0))

    table = ArmTable(
        rows=np.bincount(pair, masses.rows, size).astype(np.float64),
        shown=by_arm(draws.rows),
        hits=by_arm(draws.hits),
        reward=by_arm(draws.reward),
        square=by_arm(draws.square),
        cube=by_arm(draws.cube),
        weight=by_arm(draws.weight),
        value=by_arm(draws.weight_value),
        weight_square=by_arm(draws.weight_square),
        weight_value=by_arm(draws.square_value),
        value_square=by_arm(draws.square_square),
        inverse=of_all(masses.inverse),
        inverse_square=of_all(masses.inverse_square),
    )
    return ArmBlocks(every.block[occurs], every.stratum[occurs], table, dated=True)


def _held_table(groups: Groups, arm: IntArray, pmf: FloatArray) -> ArmTable:
    w = 1.0 / pmf[np.arange(len(arm)), arm]

    def by_arm(column: IntArray | FloatArray) -> FloatArray:
        return np.bincount(arm, column, 2).astype(np.float64)

    return ArmTable(
        rows=np.asarray(float(groups.total("rows"))),
        shown=by_arm(groups.rows),
        hits=by_arm(groups.hits),
        reward=by_arm(groups.reward),
        square=by_arm(groups.square),
        cube=by_arm(groups.cube),
        weight=by_arm(w * groups.rows),
        value=by_arm(w * groups.reward),
        weight_square=by_arm(w * w * groups.rows),
        weight_value=by_arm(w * w * groups.reward),
        value_square=by_arm(w * w * groups.square),
        inverse=(groups.rows[:, None] / pmf).sum(axis=0),
        inverse_square=(groups.rows[:, None] / pmf**2).sum(axis=0),
    )


def _held_moments(groups: Groups, arm: IntArray, pmf: FloatArray) -> Moments:
    group, crowd = groups.crowd()
    w = (1.0 / pmf[np.arange(len(arm)), arm])[group]
    flat = crowd.cluster * 2 + arm[group]
    rows = np.bincount(flat, w * crowd.rows, GROUPS * 2).reshape(GROUPS, 2)
    rewards = np.bincount(flat, w * crowd.reward, GROUPS * 2).reshape(GROUPS, 2)
    return _clustered(groups, crowd, np.hstack([rows, rewards]))


def _clustered(groups: Groups, crowd: Crowd, columns: FloatArray) -> Moments:
    wide = columns.shape[1]
    sizes = np.bincount(crowd.cluster, crowd.rows, GROUPS).astype(np.float64)
    rows = groups.total("rows")
    if not rows:
        return Moments.empty(wide)
    total = np.asarray(columns.sum(axis=0), dtype=np.float64)
    return Moments(rows, total, np.zeros((wide, wide)), columns, sizes)


def _places(variants: IntArray, arms: Sequence[int]) -> IntArray:
    """Return the places (n,) of variants among the arms; -1 for others."""
    size = int(variants.max(initial=-1)) + 1
    places = np.full(max(size, *(arm + 1 for arm in arms), 1), -1, dtype=np.int64)
    places[list(arms)] = np.arange(len(arms))
    return places[variants]
