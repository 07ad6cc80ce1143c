"""Allowance of a learner: the share of the draws that it gets beside the baseline.

A learner pays for exploring from what it has gained. With theta the worth of an arm in a cell, b
the baseline's arm, n the exposures so far and w the visitors' shares of the cells,

    budget  = sum n(c, a) theta(c, a) - (1 - alpha) sum n(c) theta(c, b)
    step(x) = sum w(c) [x (p . theta)(c) + (1 - x) theta(c, b) - (1 - alpha) theta(c, b)]

the share is the largest x for which budget + h step(x) >= 0 in 95 of 100 posterior draws, h being
the visitors until the next looks: the cumulative reward stays above (1 - alpha) of the baseline's
with high probability (Wu et al. 2016, "Conservative bandits"; Kazerouni et al. 2017, "Conservative
contextual linear bandits").
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bandits.arrays import FloatArray, IntArray

QUANTILE = 0.05  # of the posterior draws: with this chance the bound does not hold
LEAST = 0.01  # least share: an arm that gets nothing can never prove itself
AHEAD_LEAST, AHEAD = 200.0, 0.25  # visitors ahead: at least, and of those so far
SHARES = np.concatenate([[1.0], np.geomspace(0.98, LEAST, 60)])
CHUNK = 128  # cells scored at once


class WorthDraws(Protocol):
    """Posterior draws, M of them, of each arm's worth in a cell."""

    def worths(self, codes: IntArray) -> FloatArray:
        """Return draws (c, K, M) of the worth in cells (c,)."""
        ...


@dataclass(frozen=True, eq=False)
class CellRecord:
    """Record of C cells: what was shown in them, and what is served in them.

    Attributes:
        codes: (C,) cells.
        shown: (C, K) exposures so far.
        visits: (C,) share of the visitors who come now.
        pmf: (C, K) distribution of the learned policy.
        arm: (C,) arm of the baseline; -1 where it names none.
    """

    codes: IntArray
    shown: FloatArray
    visits: FloatArray
    pmf: FloatArray
    arm: IntArray


def find_share(record: CellRecord, draws: WorthDraws, give_up: float) -> float:
    """Return the share of the learned policy, in [LEAST, 1].

    Args:
        record: of the cells; those without a baseline do not count.
        draws: posterior draws of the worth.
        give_up: share alpha of the baseline's reward that learning may cost.
    """
    keep = record.arm >= 0
    if not keep.any() or give_up >= 1.0:
        return 1.0
    budget, gain, value = (np.zeros(1) for _ in range(3))
    for start in range(0, int(keep.sum()), CHUNK):
        rows = np.flatnonzero(keep)[start : start + CHUNK]
        worth = draws.worths(record.codes[rows]).astype(np.float64)
        own = worth[np.arange(len(rows)), record.arm[rows]]
        shown, visits = record.shown[rows], record.visits[rows]
        budget = budget + np.einsum("ck,ckm->m", shown, worth)
        budget = budget - (1.0 - give_up) * (shown.sum(axis=1) @ own)
        learned = np.einsum("ck,ckm->cm", record.pmf[rows], worth)
        gain = gain + visits @ (learned - own)
        value = value + visits @ own
    ahead = max(AHEAD_LEAST, AHEAD * float(record.shown.sum()))
    after = budget + ahead * (SHARES[:, None] * gain + give_up * value)
    worst = np.quantile(after, QUANTILE, axis=1)
    # Where no share keeps the bound, the one that comes nearest.
    return float(SHARES[int((worst >= min(0.0, float(worst.max()))).argmax())])
