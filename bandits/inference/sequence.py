"""Confidence sequences: intervals that hold at all looks together, under any assignment.

The sum of (score - truth) over the rows is a martingale, whatever the policy did, as long as the
logged probabilities are those of the draws: rewards of a block are predicted from the past, so the
scores' weights and variances are known before the rewards (`score_sums`). Visitors may differ: the
variance is predicted by stratum of what is known of them and of the logged probabilities. One
outcome variance an arm was wrong in up to 42 % of runs where an arm was avoided by those who pay
most. The variance is the larger of the predicted and of the observed one: the observed alone is too
small where an avoided arm has had no reward. The boundary is that of `boundary`.

Each row is a decision drawn anew given the past, so several rows of a subject do not disturb the
martingale. They do matter for an arm's mean over subjects: `design_effect` widens the sequence.
"""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.arm_sums import ArmSums
from bandits.inference.boundary import boundary
from bandits.inference.fixed import design_effect
from bandits.inference.interval import Estimate
from bandits.inference.score_sums import RELATIVE, ScoreSums, score_steps, score_sums

TINY = 1e-150
"""Least mean that scales the mixing parameter: before the first reward nothing is told apart."""


@dataclass(frozen=True, eq=False)
class ConfidenceBand:
    """Estimates with the ends of their confidence sequences, as arrays of one shape."""

    value: FloatArray
    low: FloatArray
    high: FloatArray

    def at(self, *place: int) -> Estimate:
        """Return the estimate at one index."""
        return Estimate(*(float(x[place]) for x in (self.value, self.low, self.high)))

    def look(self, number: int) -> "ConfidenceBand":
        """Return the band at one of several looks, those of the first axis."""
        return ConfidenceBand(self.value[number], self.low[number], self.high[number])


def differences(sums: ArmSums, *, alpha: float = 0.05, unit: float | None = None) -> ConfidenceBand:
    """Return the confidence sequences (K, K) of first - second, 0 on the diagonal.

    Args:
        sums: sums of the comparison.
        alpha: chance that *one* of the sequences is ever wrong; divide it among several.
        unit: size of an ordinary reward, so that an interval is finite before the first reward.
    """
    found = _scores(sums, unit)
    if found is None:
        return _unknown(sums.arms, sums.arms)
    return _differences(sums, found, sums.table.shown, alpha)


def difference_history(
    sums: ArmSums, ends: IntArray, *, alpha: float = 0.05, unit: float | None = None
) -> ConfidenceBand:
    """Return the confidence sequences (D, K, K) of first - second at D looks, in one pass.

    Only the design effect of subjects is that of the whole log.

    Args:
        sums: sums of the comparison.
        ends: (D,) number of the last block of each look, ascending; none is before the first block.
        alpha: as for `differences`.
        unit: as for `differences`.
    """
    if not _has_scores(sums, unit):
        return _unknown(len(ends), sums.arms, sums.arms)
    blocks = sums.time_blocks
    found = score_steps(blocks, unit).until(ends)
    return _differences(sums, found, blocks.until(ends).shown, alpha)


def means(sums: ArmSums, *, alpha: float = 0.05, unit: float | None = None) -> ConfidenceBand:
    """Return the confidence sequences (K, K) of the arms' means.

    Entry (a, b) is of arm a with the weights of the pair (a, b), so that it may be set beside
    entry (b, a). On the diagonal the weights are those that tell most of the arm alone.

    Args:
        sums: sums of the comparison.
        alpha: chance that *one* of the sequences is ever wrong; divide it among several.
        unit: size of an ordinary reward, so that an interval is finite before the first reward.
    """
    found = _scores(sums, unit)
    if found is None:
        return _unknown(sums.arms, sums.arms)
    effect = np.maximum(np.diag(design_effect(sums)), 1.0)[:, None]
    variance = found.variance * effect + _between(found)
    skew = found.third * effect / variance
    # In the unit of each variance: as many rewards' worth as for a difference.
    mixing = RELATIVE / found.mean**2 * (variance / found.weight) ** 2
    low = boundary(variance, mixing, skew, alpha)
    high = boundary(variance, mixing, np.zeros_like(skew), alpha)
    return _band(sums.table.shown, found, found.value, low, high)


def mean(sums: ArmSums, arm: int, *, alpha: float = 0.05, unit: float | None = None) -> Estimate:
    """Return the confidence sequence of one arm's mean, clustered by subject."""
    return means(sums, alpha=alpha, unit=unit).at(arm, arm)


def difference(
    sums: ArmSums, first: int, second: int, *, alpha: float = 0.05, unit: float | None = None
) -> Estimate:
    """Return the confidence sequence of first - second, clustered by subject."""
    return differences(sums, alpha=alpha, unit=unit).at(first, second)


def lift(
    sums: ArmSums, first: int, second: int, *, alpha: float = 0.05, unit: float | None = None
) -> Estimate:
    """Return the confidence sequence of first / second - 1, from both means at alpha / 2 each."""
    band = means(sums, alpha=alpha / 2.0, unit=unit)
    one, other = band.at(first, second), band.at(second, first)
    value = one.value / other.value - 1.0 if other.value > 0.0 else float("nan")
    low = max(one.low, 0.0) / other.high - 1.0 if other.high > 0.0 else -1.0
    high = one.high / other.low - 1.0 if other.low > 0.0 else float("inf")
    return Estimate(value, low, high)


def _differences(
    sums: ArmSums, found: ScoreSums, shown: FloatArray, alpha: float
) -> ConfidenceBand:
    """Return the sequences (..., K, K) of sums of scores, with the draws (..., K) of each arm."""
    effect = np.maximum(design_effect(sums), 1.0)
    variance = (found.variance + _turned(found.variance)) * effect
    third = (found.third - _turned(found.third)) * effect
    scale = np.maximum(found.mean, TINY)[..., None, None]
    mixing = np.full_like(variance, RELATIVE) / scale**2
    low = boundary(variance, mixing, np.maximum(third / variance, 0.0), alpha)
    high = boundary(variance, mixing, np.maximum(-third / variance, 0.0), alpha)
    band = _band(shown, found, found.value - _turned(found.value), low, high)
    same = np.eye(sums.arms, dtype=np.bool_)
    return ConfidenceBand(*(np.where(same, 0.0, x) for x in (band.value, band.low, band.high)))


def _turned(table: FloatArray) -> FloatArray:
    return np.swapaxes(table, -1, -2)


def _scores(sums: ArmSums, unit: float | None) -> ScoreSums | None:
    """Return the sums of scores; None before anything is known of the rewards."""
    if not _has_scores(sums, unit):
        return None
    found = score_sums(sums.time_blocks, unit)
    return found if found.mean > 0.0 else None


def _has_scores(sums: ArmSums, unit: float | None) -> bool:
    known = unit is not None or bool(sums.table.hits.sum() > 0.0)
    return known and len(sums.time_blocks.block) > 0


def _between(found: ScoreSums) -> FloatArray:
    """Return the variance (K, K) between visitors, scaled to the weights of each pair."""
    own = np.diag(found.weight)[:, None]
    return np.asarray(found.between[:, None] * (found.weight / own) ** 2)


def _band(
    shown: FloatArray, found: ScoreSums, value: FloatArray, low: FloatArray, high: FloatArray
) -> ConfidenceBand:
    """Return the band of weighted sums; without ends where an arm was never drawn."""
    drawn = shown > 0.0
    known = drawn[..., :, None] & drawn[..., None, :]
    middle = np.where(known, value / found.weight, np.nan)
    below = np.where(known, middle - low / found.weight, -np.inf)
    return ConfidenceBand(middle, below, np.where(known, middle + high / found.weight, np.inf))


def _unknown(*shape: int) -> ConfidenceBand:
    full = np.full(shape, np.inf)
    return ConfidenceBand(np.full(shape, np.nan), -full, full)
