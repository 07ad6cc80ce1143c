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

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray

QUANTILE = 0.15  # of the posterior draws, arm by arm: all of them that bad together is rare
GUARD = 0.8  # share of what may be given up that is planned for; the rest is for what is not known
STEP = 0.05  # of all draws: the most that one conversion of an arm is worth
LEAST = 0.01  # least share of the learned policy
EVEN = 0.5  # share of what is left to give up that the floor may take
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


class Allowance(NamedTuple):
    """Allowance of a learned policy beside the baseline.

    Attributes:
        share: of the draws, in [LEAST, 1].
        floor: least propensity of each arm.
    """

    share: float
    floor: float


def find_allowance(record: CellRecord, draws: WorthDraws, give_up: float) -> Allowance:
    """Return the largest floor for half of what is left to give up, then the largest share.

    Args:
        record: of the cells; those without a baseline do not count.
        draws: posterior draws of the worth.
        give_up: share alpha of the baseline's reward that learning may cost.
    """
    keep = record.arm >= 0
    if not keep.any() or give_up >= 1.0:
        return Allowance(1.0, record.floor)
    outlook = Outlook.of(record, draws, np.flatnonzero(keep), GUARD * give_up)
    least = min(record.floor, EVEN * give_up / outlook.arms)
    floors = np.geomspace(record.floor, max(least, 1e-9), 16) if record.floor > 0.0 else np.zeros(1)
    after = outlook.after(np.full(len(floors), LEAST), floors)
    left = float(outlook.after(np.full(1, LEAST), np.full(1, least))[0])
    floor = float(floors[_first(after >= (1.0 - EVEN) * max(left, 0.0), len(floors) - 1)])
    after = outlook.after(SHARES, np.full(len(SHARES), floor))
    # Where no share keeps the bound, the one that comes nearest.
    share = float(SHARES[_first(after >= 0.0, int(after.argmax()))])
    return Allowance(max(LEAST, min(share, find_cap(record))), floor)


def _first(good: BoolArray, otherwise: int) -> int:
    return int(good.argmax()) if good.any() else otherwise


def extra_floor(share: FloatArray, own: float, floor: FloatArray, arms: int) -> FloatArray:
    """Return what each arm gets on top of a share of a policy with a floor of its own.

    Args:
        share: of the policy.
        own: floor of the policy.
        floor: that every arm is to have.
        arms: number K of arms.
    """
    kept = share * own
    return np.asarray(np.maximum(floor - kept, 0.0) / np.maximum(1.0 - arms * kept, 1e-12))


@dataclass(frozen=True, eq=False)
class Outlook:
    """Outlook of a policy: draws (M) of what each of K arms has gained on the baseline and will.

    Attributes:
        past: (K, M) gains of the exposures so far.
        learned: (K, M) gains of the visitors ahead by the learned policy.
        even: (K, M) gains of the visitors ahead if all were shown the arm.
        allowed: low end of what may be given up by all of them.
        own: floor of the learned policy.
    """

    past: FloatArray
    learned: FloatArray
    even: FloatArray
    allowed: float
    own: float

    @property
    def arms(self) -> int:
        """Number K of arms."""
        return len(self.past)

    @classmethod
    def of(cls, record: CellRecord, draws: WorthDraws, rows: IntArray, alpha: float) -> Outlook:
        """Return the outlook of the cells `rows` (c,), of whose reward alpha may be given up."""
        past, learned, even, value = (np.zeros(1) for _ in range(4))
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            worth = draws.worths(record.codes[part]).astype(np.float64)
            own = worth[np.arange(len(part)), record.arm[part]]
            gain = worth - own[:, None]
            shown, visits = record.shown[part], record.visits[part]
            past = past + np.einsum("ck,ckm->km", shown, gain)
            learned = learned + np.einsum("ck,ckm->km", visits[:, None] * record.pmf[part], gain)
            even = even + np.einsum("c,ckm->km", visits, gain)
            value = value + np.stack([shown.sum(axis=1) @ own, visits @ own])
        ahead = max(AHEAD_LEAST, AHEAD * float(record.shown.sum()))
        allowed = alpha * float(np.quantile(value[0] + ahead * value[1], QUANTILE))
        return cls(past, ahead * learned, ahead * even, allowed, record.floor)

    def after(self, share: FloatArray, floor: FloatArray) -> FloatArray:
        """Return the low ends (n,) of what is left to give up, with n shares and floors."""
        extra = extra_floor(share, self.own, floor, self.arms)[:, None, None]
        main = (1.0 - self.arms * extra) * share[:, None, None]
        gains = self.past + main * self.learned + extra * self.even
        return np.asarray(np.quantile(gains, QUANTILE, axis=2).sum(axis=1) + self.allowed)


def find_cap(record: CellRecord) -> float:
    """Return the share up to which no arm has more draws beside the baseline than it has proved.

    Each conversion of an arm is worth STEP of all draws, and the first one no more than none: so
    one payment moves the draws of an arm by STEP at most.
    """
    beside = np.arange(record.pmf.shape[1]) != record.arm[:, None]
    drawn = (record.visits[:, None] * record.pmf * beside)[record.arm >= 0].sum(axis=0)
    most = STEP * np.maximum(record.hits, 1.0)
    return float(np.min(most / np.maximum(drawn, 1e-12)))
