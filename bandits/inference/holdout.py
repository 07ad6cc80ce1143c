"""Comparison of groups of subjects, such as policy and holdout, drawn by known shares."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import AnyArray
from bandits.inference.arm_sums import ArmSums, arm_sums

TOLERANCE = 1e-9
POLICY, HOLDOUT = 0, 1
USUAL = 1
"""The arm of the group `usual` where policy and `usual` are compared."""


def holdout_sums(
    rewards: ArrayLike, holdout: ArrayLike, share: float, subjects: AnyArray | Sequence[object]
) -> ArmSums:
    """Return the sums of n exposures as a comparison of two arms, POLICY and HOLDOUT.

    `fixed.lift(sums, POLICY, HOLDOUT)` and `sequence.lift` give the lift. A subject belongs to one
    of the two for good, so subjects are the clusters and must be given.

    Args:
        rewards: (n,).
        holdout: bool (n,), whether the subject is in the holdout.
        share: share of subjects in the holdout, in (0, 1).
        subjects: (n,).

    Raises:
        ValueError: the share is not between 0 and 1, or the columns do not fit.
    """
    if not 0.0 < share < 1.0:
        raise ValueError("share must lie between 0 and 1")
    inside = np.asarray(holdout, dtype=np.bool_)
    return group_sums(rewards, np.where(inside, HOLDOUT, POLICY), (1.0 - share, share), subjects)


def group_sums(
    rewards: ArrayLike,
    groups: ArrayLike,
    shares: Sequence[float],
    subjects: AnyArray | Sequence[object],
) -> ArmSums:
    """Return the sums of n exposures as a comparison of groups of subjects, one arm each.

    A subject belongs to one group for good, so subjects are the clusters and must be given.

    Args:
        rewards: (n,).
        groups: int (n,), index of the subject's group.
        shares: of the subjects in each group, above 0; their sum is 1.
        subjects: (n,).

    Raises:
        ValueError: a share is not above 0, they do not add up, or the columns do not fit.
    """
    every = np.asarray(shares, dtype=np.float64)
    if not (every > 0.0).all() or abs(every.sum() - 1.0) > TOLERANCE:
        raise ValueError("shares must be above 0 and add up to 1")
    arms = np.asarray(groups, dtype=np.int64)
    pmf = np.broadcast_to(every, (len(arms), len(every)))
    return arm_sums(arms, rewards, pmf, subjects)
