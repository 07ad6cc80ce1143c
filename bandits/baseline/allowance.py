"""Allowance of a learner: the share of the draws that it gets beside the baseline.

A learner pays for exploring from what it has gained. With theta the worth of an arm in a cell, b
the baseline's arm, n the exposures so far and w the visitors' shares of the cells,

    gain(a) = sum over c of [n(c, a) + h x w(c) p(c, a)] [theta(c, a) - theta(c, b)]
    own     = sum over c of [n(c) + h w(c)] theta(c, b)

the share is the largest x for which low(gain(1)) + ... + low(gain(K)) + alpha low(own) >= 0, with h
the visitors until the next looks and low a low quantile of the posterior draws: even if each arm
is as bad as the posterior allows, the cumulative reward stays above (1 - alpha) of the baseline's
(Wu et al. 2016, "Conservative bandits"; Kazerouni et al. 2017, "Conservative contextual linear
bandits"; both take the lower ends arm by arm, too). The joint quantile of all arms' sum broke the
bound in half of the runs where the rule is best: the prior thinks better of an arm that nobody has
tried than it deserves there.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bandits.arrays import FloatArray, IntArray

QUANTILE = 0.15  # of the posterior draws, arm by arm: all of them that bad together is rare
GUARD = 0.8  # share of what may be given up that is planned for; the rest is for what is not known
STEP = 0.05  # of all draws: the most that one conversion of an arm is worth
LEAST = 0.01  # least share of the learned policy
EVEN = (
    0.4  # share of what may be given up that even draws may cost, should all else be worth nothing
)
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
        hits: (K,) conversions so far of each arm.
        pmf: (C, K) distribution of the learned policy.
        arm: (C,) arm of the baseline; -1 where it names none.
        floor: least propensity in `pmf`.
    """

    codes: IntArray
    shown: FloatArray
    visits: FloatArray
    hits: FloatArray
    pmf: FloatArray
    arm: IntArray
    floor: float


def find_least_floor(floor: float, give_up: float, arms: int) -> float:
    """Return the floor that is kept whatever the share: it costs EVEN of what may be given up.

    Args:
        floor: of the learned policy.
        give_up: share of the baseline's reward that learning may cost.
        arms: number K of arms.
    """
    return min(floor, EVEN * give_up / arms)


def extra_floor(share: FloatArray, floor: float, least: float, arms: int) -> FloatArray:
    """Return what each arm gets on top of a share of a policy with a floor, to keep `least`."""
    own = share * floor
    return np.asarray(np.maximum(least - own, 0.0) / np.maximum(1.0 - arms * own, 1e-12))


def find_share(record: CellRecord, draws: WorthDraws, give_up: float, least: float) -> float:
    """Return the share of the learned policy, in [LEAST, 1].

    Args:
        record: of the cells; those without a baseline do not count.
        draws: posterior draws of the worth.
        give_up: share alpha of the baseline's reward that learning may cost.
        least: floor that is kept whatever the share.
    """
    keep = record.arm >= 0
    allowed = GUARD * give_up
    if not keep.any() or give_up >= 1.0:
        return 1.0
    budget, gain, even, value = (np.zeros(1) for _ in range(4))
    for start in range(0, int(keep.sum()), CHUNK):
        rows = np.flatnonzero(keep)[start : start + CHUNK]
        worth = draws.worths(record.codes[rows]).astype(np.float64)
        own = worth[np.arange(len(rows)), record.arm[rows]]
        lost = worth - own[:, None]
        shown, visits = record.shown[rows], record.visits[rows]
        budget = budget + np.einsum("ck,ckm->km", shown, lost)
        gain = gain + np.einsum("ck,ckm->km", visits[:, None] * record.pmf[rows], lost)
        even = even + np.einsum("c,ckm->km", visits, lost)
        value = value + np.stack([shown.sum(axis=1) @ own, visits @ own])
    ahead = max(AHEAD_LEAST, AHEAD * float(record.shown.sum()))
    spread = extra_floor(SHARES, record.floor, least, record.pmf.shape[1])[:, None, None]
    main = (1.0 - record.pmf.shape[1] * spread) * SHARES[:, None, None]
    step = budget + ahead * (main * gain + spread * even)
    after = np.quantile(step, QUANTILE, axis=2).sum(axis=1)
    after += allowed * np.quantile(value[0] + ahead * value[1], QUANTILE)
    # Where no share keeps the bound, the one that comes nearest.
    share = float(SHARES[int((after >= min(0.0, float(after.max()))).argmax())])
    return max(LEAST, min(share, find_cap(record)))


def find_cap(record: CellRecord) -> float:
    """Return the share up to which no arm has more draws beside the baseline than it has proved.

    Each conversion of an arm is worth STEP of all draws, and the first one no more than none: so
    one payment moves the draws of an arm by STEP at most.
    """
    beside = np.arange(record.pmf.shape[1]) != record.arm[:, None]
    drawn = (record.visits[:, None] * record.pmf * beside)[record.arm >= 0].sum(axis=0)
    most = STEP * np.maximum(record.hits, 1.0)
    return float(np.min(most / np.maximum(drawn, 1e-12)))
