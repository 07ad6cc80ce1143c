"""Confidence sequences: intervals that hold at all looks together.

S = sum of (score - truth) is a martingale whose conditional variance is known up to the outcome's
own variance: v_a / e_a for each row, where e_a is the *logged* propensity. So the variance
process V = v_a * sum 1 / e_a is predictable, and only the scalar v_a is estimated, shrunk towards
all arms. (Taking sum w^2 (Y - mean)^2 instead, from the few rewards of an avoided arm, was wrong
in a seventh of all runs: an unlucky arm looks certain.) The boundary is that of `boundary`.

Each row is a decision drawn anew given the past, so several rows of a subject do not disturb the
martingale. They do matter for an arm's mean over subjects: `design_effect` widens the sequence.
"""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference.arm_sums import ArmSums
from bandits.inference.arm_table import ArmTable
from bandits.inference.boundary import RHO, boundary, estimate_scale, sum_skew, sum_variance
from bandits.inference.fixed import variances
from bandits.inference.interval import Estimate


@dataclass(frozen=True, eq=False)
class ConfidenceBand:
    """Estimates with the ends of their confidence sequences, as arrays of one shape."""

    value: FloatArray
    low: FloatArray
    high: FloatArray

    def at(self, *place: int) -> Estimate:
        """Return the estimate at one index."""
        return Estimate(*(float(x[place]) for x in (self.value, self.low, self.high)))


def means(
    table: ArmTable,
    *,
    alpha: float = 0.05,
    unit: float | None = None,
    inflation: FloatArray | float = 1.0,
) -> ConfidenceBand:
    """Return the confidence sequences (..., K) of the arms' means.

    Args:
        table: sums by arm.
        alpha: chance that *one* of the sequences is ever wrong; divide it among several.
        unit: see `boundary.estimate_scale`.
        inflation: (..., K) design effect of subjects on the variance.
    """
    scale, rows = estimate_scale(table, unit), table.rows[..., None]
    variance, skew = sum_variance(table, scale) * inflation, sum_skew(table, scale)
    mixing = RHO * scale.pooled[..., None]
    up = boundary(variance, mixing, skew, alpha) / rows
    down = boundary(variance, mixing, np.zeros_like(skew), alpha) / rows
    # A sum that is too high because of the skew leaves the truth far *below* the estimate.
    return _band(table.mean(), up, down)


def differences(
    table: ArmTable,
    *,
    alpha: float = 0.05,
    unit: float | None = None,
    inflation: FloatArray | float = 1.0,
) -> ConfidenceBand:
    """Return the confidence sequences (..., K, K) of first - second, 0 on the diagonal.

    Args:
        table: sums by arm.
        alpha: chance that *one* of the sequences is ever wrong; divide it among several.
        unit: see `boundary.estimate_scale`.
        inflation: (..., K, K) design effect of subjects on the variance.
    """
    scale, rows = estimate_scale(table, unit), table.rows[..., None, None]
    each, skew = sum_variance(table, scale), sum_skew(table, scale)
    variance = (each[..., :, None] + each[..., None, :]) * inflation
    mixing = RHO * scale.pooled[..., None, None]
    low = boundary(variance, mixing, skew[..., :, None], alpha) / rows
    high = boundary(variance, mixing, skew[..., None, :], alpha) / rows
    mean = table.mean()
    band = _band(mean[..., :, None] - mean[..., None, :], low, high)
    same = np.eye(mean.shape[-1], dtype=np.bool_)
    return ConfidenceBand(*(np.where(same, 0.0, x) for x in (band.value, band.low, band.high)))


def mean(sums: ArmSums, arm: int, *, alpha: float = 0.05, unit: float | None = None) -> Estimate:
    """Return the confidence sequence of one arm's mean, clustered by subject."""
    effect = design_effect(sums)
    return means(sums.table, alpha=alpha, unit=unit, inflation=np.diag(effect)).at(arm)


def difference(
    sums: ArmSums, first: int, second: int, *, alpha: float = 0.05, unit: float | None = None
) -> Estimate:
    """Return the confidence sequence of first - second, clustered by subject."""
    effect = design_effect(sums)
    return differences(sums.table, alpha=alpha, unit=unit, inflation=effect).at(first, second)


def lift(
    sums: ArmSums, first: int, second: int, *, alpha: float = 0.05, unit: float | None = None
) -> Estimate:
    """Return the confidence sequence of first / second - 1, from both means at alpha / 2 each."""
    one, other = (mean(sums, arm, alpha=alpha / 2.0, unit=unit) for arm in (first, second))
    value = one.value / other.value - 1.0 if other.value > 0.0 else float("nan")
    low = max(one.low, 0.0) / other.high - 1.0 if other.high > 0.0 else -1.0
    high = one.high / other.low - 1.0 if other.low > 0.0 else float("inf")
    return Estimate(value, low, high)


def design_effect(sums: ArmSums) -> FloatArray:
    """Return the design effects (K, K) of subjects with several rows, at least 1.

    Each is the clustered over the row-by-row variance of a difference of means; on the diagonal,
    of a mean. The ratio of two empirical variances is stable even where each one is not.
    """
    out = np.ones((sums.arms, sums.arms))
    if not sums.groups.rows:
        return out
    by_row = sums.table.variance_of_mean()
    for a in range(sums.arms):
        for b in range(a + 1):
            own, _, both = variances(sums, a, b)
            plain = by_row[a] if a == b else by_row[a] + by_row[b]
            ratio = (own if a == b else both) / plain if plain > 0.0 else 1.0
            out[a, b] = out[b, a] = max(1.0, ratio) if np.isfinite(ratio) else 1.0
    return out


def _band(value: FloatArray, below: FloatArray, above: FloatArray) -> ConfidenceBand:
    known = np.isfinite(value) & np.isfinite(below) & np.isfinite(above)
    low = np.where(known, value - below, -np.inf)
    return ConfidenceBand(value, low, np.where(known, value + above, np.inf))
