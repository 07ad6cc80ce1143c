"""Sums by arm and by group of subjects, from which arms are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.inference.arm_blocks import ArmBlocks
from bandits.inference.arm_table import ArmTable
from bandits.inference.clusters import groups_of
from bandits.inference.interval import RewardKind
from bandits.inference.moments import Moments


@dataclass(frozen=True, eq=False)
class ArmSums:
    """Sums of a comparison of arms; parts add with `+`.

    Attributes:
        table: sums by arm.
        groups: sums of (w by arm, w Y by arm) by groups of subjects; no rows without subjects.
        left_out: rows in which some arm could not have been drawn, so that they are not compared.
        shares: whether every reward is 0 or 1.
        positive: whether no reward is negative.
        blocks: the same sums by block of time and stratum; None where all rows are one block.
        capped: rows whose reward was above the cap.
        cut: how much of their rewards was above it, in the rewards' unit; it is in no other sum.
    """

    table: ArmTable
    groups: Moments
    left_out: int = 0
    shares: bool = True
    positive: bool = True
    blocks: ArmBlocks | None = None
    capped: int = 0
    cut: float = 0.0

    @classmethod
    def empty(cls, arms: int) -> Self:
        """Return the sums of no rows over K arms."""
        return cls(ArmTable.empty(arms), Moments.empty(2 * arms))

    def __add__(self, other: Self) -> Self:
        """Return the sum of both parts.

        Raises:
            ValueError: one part has subjects and the other has not.
        """
        if (
            self.table.rows
            and other.table.rows
            and bool(self.groups.rows) != bool(other.groups.rows)
        ):
            raise ValueError("rows with and without subjects cannot be added")
        return type(self)(
            self.table + other.table,
            self.groups + other.groups,
            self.left_out + other.left_out,
            self.shares and other.shares,
            self.positive and other.positive,
            self.time_blocks + other.time_blocks,
            self.capped + other.capped,
            self.cut + other.cut,
        )

    @property
    def arms(self) -> int:
        """Number K of arms."""
        return int(self.table.shown.shape[-1])

    @property
    def kind(self) -> RewardKind:
        """Range of the rewards, for `mean_interval`."""
        return "share" if self.shares else "positive" if self.positive else "any"

    @property
    def time_blocks(self) -> ArmBlocks:
        """The sums by block of time: all rows as one block where none are known."""
        return ArmBlocks.from_table(self.table) if self.blocks is None else self.blocks

    def variance(self, derivatives: FloatArray) -> float:
        """Return the clustered variance of a function of the sums.

        Args:
            derivatives: (2K,) of the function by the sums (w, w Y).
        """
        return self.groups.spread(derivatives) ** 2


def arm_sums(
    arms: ArrayLike,
    rewards: ArrayLike,
    pmf: ArrayLike,
    subjects: AnyArray | Sequence[object] | None = None,
    *,
    blocks: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cap: float | None = None,
) -> ArmSums:
    """Return the sums of n exposures, from which K arms are compared.

    Without `blocks` the order of rows, and of parts that are added, has to be that of time.

    Rows in which some compared arm had probability 0 are left out and counted: arms compared over
    different rows would differ by the rows. Give the columns of fewer arms to keep more rows.

    Args:
        arms: (n,) the arm drawn, as a column of pmf; -1 for an arm that is not compared.
        rewards: (n,), finite; any unit.
        pmf: (n, K) the logged probabilities of the compared arms.
        subjects: (n,) as text or integers; None where every row is another subject.
        blocks: (n,) numbers of blocks of time, such as hours; a policy that learns within a block
            is as good as constant there.
        strata: (n,) numbers of what is known of the visitors: it makes intervals tighter where
            it tells who rewards more.
        cap: the most that counts of a reward, such as `bandits.cap.reward_cap` of earlier rewards:
            a cap from these rewards themselves would be no better than none. What is cut is told.

    Raises:
        ValueError: shapes differ, an arm does not exist or a reward is not finite.
    """
    index, y = np.asarray(arms, dtype=np.int64), np.asarray(rewards, dtype=np.float64)
    p = np.asarray(pmf, dtype=np.float64)
    if p.ndim != 2 or not len(index) == len(y) == len(p):  # noqa: PLR2004 - rows, arms
        raise ValueError("arms, rewards and pmf do not fit together")
    if not np.isfinite(y).all() or (index >= p.shape[1]).any():
        raise ValueError("a reward is not finite, or an arm is not a column of pmf")
    kept = (p > 0.0).all(axis=1)
    left_out = int(np.count_nonzero(~kept))
    index, y, p = index[kept], y[kept], p[kept]
    counted = y if cap is None else np.minimum(y, cap)
    capped, cut = int(np.count_nonzero(counted < y)), float((y - counted).sum())
    y = counted
    times, known = (None if x is None else np.asarray(x)[kept] for x in (blocks, strata))
    groups = Moments.empty(2 * p.shape[1])
    if subjects is not None:
        columns = np.asarray(subjects)[kept]
        groups = Moments.from_columns(_weigh_columns(index, y, p), groups_of(columns))
    shares, positive = bool(np.isin(y, (0.0, 1.0)).all()), bool((y >= 0.0).all())
    parts = ArmBlocks.from_rows(index, y, p, blocks=times, strata=known)
    total = parts.table.total()
    return ArmSums(total, groups, left_out, shares, positive, parts, capped, cut)


def _weigh_columns(index: IntArray, y: FloatArray, p: FloatArray) -> FloatArray:
    """Return columns (n, 2K): w by arm, then w Y by arm."""
    wide = p.shape[1]
    out = np.zeros((len(y), 2 * wide))
    rows = np.flatnonzero(index >= 0)
    out[rows, index[rows]] = 1.0 / p[rows, index[rows]]
    out[rows, wide + index[rows]] = out[rows, index[rows]] * y[rows]
    return out
