"""Policy against holdout: membership is a draw too, with a known probability."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import AnyArray
from bandits.inference.arm_sums import ArmSums, arm_sums

POLICY, HOLDOUT = 0, 1


def holdout_sums(
    rewards: ArrayLike, holdout: ArrayLike, share: float, subjects: AnyArray | Sequence[object]
) -> ArmSums:
    """The sums of n exposures as a comparison of two arms, POLICY and HOLDOUT.

    `fixed.lift(sums, POLICY, HOLDOUT)` and `sequence.lift` give the lift; a subject is in one of
    the two for good, so subjects are what varies and must be given.

    Args:
        rewards: (n,).
        holdout: bool (n,), whether the subject is in the holdout.
        share: the share of subjects in the holdout, in (0, 1).
        subjects: (n,).

    Raises:
        ValueError: where the share is none, or the columns do not fit.
    """
    if not 0.0 < share < 1.0:
        raise ValueError("share must lie between 0 and 1")
    inside = np.asarray(holdout, dtype=np.bool_)
    pmf = np.broadcast_to(np.array([1.0 - share, share]), (len(inside), 2))
    return arm_sums(np.where(inside, HOLDOUT, POLICY), rewards, pmf, subjects)
