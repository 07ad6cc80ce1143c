"""The sums of each arm with those of the subjects' groups, and the comparison that they allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.inference.arm_table import ArmTable
from bandits.inference.clusters import groups_of
from bandits.inference.interval import RewardKind
from bandits.inference.moments import Moments


@dataclass(frozen=True, eq=False)
class ArmSums:
    """A comparison's sums; parts add with `+`.

    Attributes:
        table: sums by arm.
        groups: sums of (w by arm, w Y by arm) by groups of subjects; no rows without subjects.
        left_out: rows in which some arm could not have been drawn, so that nothing is compared.
        shares: whether every reward is 0 or 1.
        positive: whether no reward is negative.
    """

    table: ArmTable
    groups: Moments
    left_out: int = 0
    shares: bool = True
    positive: bool = True

    @classmethod
    def empty(cls, arms: int) -> Self:
        """No rows of K arms."""
        return cls(ArmTable.empty(arms), Moments.empty(2 * arms))

    def __add__(self, other: Self) -> Self:
        """Both parts' sums.

        Raises:
            ValueError: where one part has subjects and the other has not.
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
        )

    @property
    def arms(self) -> int:
        """K."""
        return int(self.table.shown.shape[-1])

    @property
    def kind(self) -> RewardKind:
        """What is averaged, for `mean_interval`."""
        return "share" if self.shares else "positive" if self.positive else "any"

    def variance(self, derivatives: FloatArray) -> float:
        """The clustered variance of sums' function with derivatives (2K,) by (w, w Y)."""
        return self.groups.spread(derivatives) ** 2


def arm_sums(
    arms: ArrayLike,
    rewards: ArrayLike,
    pmf: ArrayLike,
    subjects: AnyArray | Sequence[object] | None = None,
) -> ArmSums:
    """The sums of n exposures.

    Rows in which some compared arm had no probability are left out and counted: on them the arms
    cannot be compared, and comparing over different rows would compare the rows. Give the
    columns of fewer arms to keep more rows.

    Args:
        arms: (n,) the arm drawn, as a column of pmf; -1 for one that is not compared.
        rewards: (n,), finite; any unit.
        pmf: (n, K) the logged probabilities of the compared arms.
        subjects: (n,) who was served, as text or integers; None where every row is someone else.

    Raises:
        ValueError: where shapes differ, an arm does not exist or a reward is not finite.
    """
    index, y = np.asarray(arms, dtype=np.int64), np.asarray(rewards, dtype=np.float64)
    p = np.asarray(pmf, dtype=np.float64)
    if p.ndim != 2 or not len(index) == len(y) == len(p):  # noqa: PLR2004 - rows, arms
        raise ValueError("arms, rewards and pmf do not fit together")
    if not np.isfinite(y).all() or (index >= p.shape[1]).any():
        raise ValueError("a reward is not finite, or an arm is no column of pmf")
    kept = (p > 0.0).all(axis=1)
    left_out = int(np.count_nonzero(~kept))
    index, y, p = index[kept], y[kept], p[kept]
    groups = Moments.empty(2 * p.shape[1])
    if subjects is not None:
        columns = np.asarray(subjects)[kept]
        groups = Moments.from_columns(_weigh_columns(index, y, p), groups_of(columns))
    shares, positive = bool(np.isin(y, (0.0, 1.0)).all()), bool((y >= 0.0).all())
    return ArmSums(ArmTable.from_rows(index, y, p), groups, left_out, shares, positive)


def _weigh_columns(index: IntArray, y: FloatArray, p: FloatArray) -> FloatArray:
    """Columns (n, 2K): w by arm, then w Y by arm."""
    wide = p.shape[1]
    out = np.zeros((len(y), 2 * wide))
    rows = np.flatnonzero(index >= 0)
    out[rows, index[rows]] = 1.0 / p[rows, index[rows]]
    out[rows, wide + index[rows]] = out[rows, index[rows]] * y[rows]
    return out
