"""Comparison of policy and holdout, whose membership is drawn with a known probability."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import AnyArray
from bandits.inference.arm_sums import ArmSums, arm_sums

POLICY, HOLDOUT = 0, 1


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
    pmf = np.broadcast_to(np.array([1.0 - share, share]), (len(inside), 2))
    return arm_sums(np.where(inside, HOLDOUT, POLICY), rewards, pmf, subjects)
