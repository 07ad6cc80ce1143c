"""Trials of a batch: how many of the plans made at one look explore, and where.

Of a batch of n plans nothing is learned before all are made. A share x of them given to an arm
costs x times what the arm is believed to be worth less than the best; it pays in the batches
behind, where the arm is taken if it proves better. By the knowledge gradient of a batch (Frazier,
Powell and Dayanik 2008, "A knowledge-gradient policy for sequential information collection") that
gain is, for a plan of a later batch,

    KG(x n) = s f(-|gap| / s),   f(z) = z Phi(z) + phi(z),   s**2 = v**2 / (v + w / (x n)),

with v the posterior variance of the gap and w the variance of one reward. Each arm gets the share
that makes `later` KG(x n) - x gap largest, all together at most `most`.

The rest follows the posterior's mean, as far as the baseline allows: an arm takes the baseline's
place with the largest share whose reward stays above (1 - alpha) of the baseline's in 95 of 100
posterior draws (conservative bandits: Wu et al. 2016; Kazerouni et al. 2017), and only once it has
had FEW conversions: the normal posterior of fewer is too sure of itself.
"""

import math
from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray

FEW = 10  # conversions from which on an arm may take the baseline's place
QUANTILE = 0.05  # of the posterior: with this chance a share is worse than the bound
SHARES = np.array([0.001 * 2 ** (i / 2) for i in range(13)])  # shares that are compared
STEPS = np.linspace(1.0, 0.0, 21)  # shares of the baseline's place that are compared
_SQRT2, _SQRT2PI = math.sqrt(2.0), math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """The terms of a batch.

    Attributes:
        plans: number of plans made at this look that tell about one another.
        later: number of batches of this size that gain from what is learned.
        most: largest share of trials.
        least: least propensity of each eligible arm.
        alpha: share of the baseline's reward that an arm in its place may risk.
    """

    plans: float
    later: float = 2.0
    most: float = 0.05
    least: float = 0.001
    alpha: float = 0.05


@dataclass(frozen=True, eq=False)
class Belief:
    """The belief about K arms for one visitor.

    Attributes:
        draws: (K, M) draws of each arm's worth.
        unit: worth of one success, which bounds the variance of one reward.
        proved: (K,) arms that may take the baseline's place.
    """

    draws: FloatArray
    unit: float
    proved: BoolArray


def share_batch(
    belief: Belief, baseline: int, eligible: BoolArray, terms: BatchTerms
) -> FloatArray:
    """Return the propensities (K,) of one visitor's plan in a batch.

    Args:
        belief: about the arms.
        baseline: arm of the operator's own rule, which is eligible.
        eligible: (K,) arms.
        terms: of the batch.
    """
    leader = find_leader(belief, baseline, eligible)
    trials = find_trials(belief, baseline, eligible, terms)
    rest = 1.0 - float(trials.sum())
    pmf = trials.copy()
    share = _share_of_leader(belief, leader, baseline, terms.alpha)
    # A small alpha may leave the leader, which has no trials, without any share.
    share = max(share, min(1.0, _least(eligible, terms) / rest))
    pmf[leader] += share * rest
    pmf[baseline] += (1.0 - share) * rest
    return pmf


def find_leader(belief: Belief, baseline: int, eligible: BoolArray) -> int:
    """Return the arm of the largest mean among the baseline and those that may take its place."""
    allowed = eligible & belief.proved
    allowed[baseline] = True
    return int(np.where(allowed, belief.draws.mean(axis=1), -np.inf).argmax())


def find_trials(
    belief: Belief, baseline: int, eligible: BoolArray, terms: BatchTerms
) -> FloatArray:
    """Return the share (K,) of trials of each arm; 0 for the one that leads anyway."""
    leader = find_leader(belief, baseline, eligible)
    gaps = belief.draws[leader] - belief.draws
    worth = belief.draws.mean(axis=1)
    shares = _best_shares(gaps.mean(axis=1), gaps.var(axis=1), worth, belief.unit, terms)
    others = eligible & (np.arange(len(worth)) != leader)
    shares = np.where(others, shares, 0.0)
    total = float(shares.sum())
    if total > terms.most:
        shares *= terms.most / total
    return np.maximum(shares, np.where(others, _least(eligible, terms), 0.0))


def _least(eligible: BoolArray, terms: BatchTerms) -> float:
    """Return the least propensity of each eligible arm (K,)."""
    return min(terms.least, 1.0 / float(np.count_nonzero(eligible)))


def _best_shares(
    gap: FloatArray, variance: FloatArray, worth: FloatArray, unit: float, terms: BatchTerms
) -> FloatArray:
    """Return the share (K,) of each arm that gains most; 0 where none gains."""
    noise = np.maximum(worth * (unit - worth), 0.0)
    known = variance + noise / (SHARES[:, None] * max(terms.plans, 1.0))
    spread = variance / np.sqrt(np.maximum(known, 1e-300))
    gains = terms.later * expected_gain(gap, spread) - SHARES[:, None] * np.maximum(gap, 0.0)
    best = gains.argmax(axis=0)
    found = np.take_along_axis(gains, best[None, :], axis=0)[0]
    return np.where(found > 0.0, SHARES[best], 0.0)


def expected_gain(gap: FloatArray, spread: FloatArray) -> FloatArray:
    """Return what it is worth to choose later, where the gap's estimate will move by `spread`."""
    z = -np.abs(gap) / np.maximum(spread, 1e-12)
    density = np.exp(-(z**2) / 2.0) / _SQRT2PI
    below = np.vectorize(math.erfc, otypes=[np.float64])(-z / _SQRT2) / 2.0
    return np.asarray(spread * (z * below + density), dtype=np.float64)


def _share_of_leader(belief: Belief, leader: int, baseline: int, alpha: float) -> float:
    """Return the largest share of the baseline's place that keeps the bound."""
    own = belief.draws[baseline]
    gain = belief.draws[leader] - own
    worst = np.quantile(STEPS[:, None] * gain + alpha * own, QUANTILE, axis=1)
    return float(STEPS[int((worst >= 0.0).argmax())])
