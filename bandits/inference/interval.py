"""Intervals from an estimate and its standard error, valid for few conversions too.

The normal interval of a rate of 3 % covers too rarely while an arm has a dozen conversions: the
error of the estimate and its estimated standard error are correlated, and both are skew. A score
interval takes the variance at the value being tested; Wilson's moves the centre by t^2 / 2 of the
skewness, the Edgeworth expansion by (2 t^2 + 1) / 6 (Hall 1992; Cai 2005), which is taken here.
For differences under Thompson assignment this covers 94-96 %, the normal interval 92-95 %,
Wilson's 94-97 %.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bandits.inference.quantiles import t_quantile

RewardKind: TypeAlias = Literal["share", "positive", "any"]
"""Range of the rewards: `share` for 0 or 1, `positive` for at least 0, or `any`."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimate with the ends of its interval, which are infinite where it cannot be estimated."""

    value: float
    low: float
    high: float

    def contains(self, truth: float) -> bool:
        """Return whether the interval contains the true value."""
        return self.low <= truth <= self.high


def mean_interval(
    value: float,
    error: float,
    *,
    level: float = 0.95,
    effective: float,
    kind: RewardKind = "any",
    at: float | None = None,
) -> Estimate:
    """Return the interval of a weighted mean.

    Args:
        value: the estimate.
        error: its standard error, clustered or not.
        level: coverage.
        effective: effective number of independent rows, (sum w)^2 / sum w^2 or the clusters if
            they are fewer: one more than the degrees of freedom.
        kind: `share`: a score interval with the effective trials value (1 - value) / error^2, as
            Korn and Graubard (1998) for surveys; `positive`: the same with a variance in
            proportion to the mean; `any`: Student's t.
        at: mean at which `error` holds, above 0; None for `value`. An error that does not come
            from the few rewards behind `value` is not that of `value`, but of a mean of its own.
    """
    t = t_quantile(level, effective - 1.0)
    if not (math.isfinite(error) and math.isfinite(t) and math.isfinite(value)):
        return Estimate(value, -math.inf, math.inf)
    where = value if at is None else at
    if kind == "share" and 0.0 <= value <= 1.0:
        return Estimate(value, *_score(value, error, t, effective, where))
    if kind != "any" and value >= 0.0 and where > 0.0:
        scale = error * error / where
        shift = (2.0 * t * t + 1.0) / 6.0 * scale
        half = math.sqrt(t * t * scale * value + shift * shift)
        return Estimate(value, max(0.0, value + shift - half), value + shift + half)
    return Estimate(value, value - t * error, value + t * error)


def _score(p: float, error: float, t: float, effective: float, at: float) -> tuple[float, float]:
    variance, there = p * (1.0 - p), at * (1.0 - at)
    inverse = error * error / there if there > 0.0 and error > 0.0 else 1.0 / effective
    shift = (2.0 * t * t + 1.0) / 6.0 * inverse
    centre = (p + shift) / (1.0 + 2.0 * shift)
    half = math.sqrt(t * t * inverse * variance + shift * shift) / (1.0 + 2.0 * shift)
    return max(0.0, min(centre - half, p)), min(1.0, max(centre + half, p))


def difference(first: Estimate, second: Estimate, *, correlation: float = 0.0) -> Estimate:
    """Return the interval of first - second.

    It is recovered from the two intervals (method of variance estimates recovery: Newcombe 1998,
    method 10; Zou 2007 for correlated estimates), so it keeps their asymmetry.
    """
    value = first.value - second.value
    below = _combine_distances(first.value - first.low, second.high - second.value, correlation)
    above = _combine_distances(first.high - first.value, second.value - second.low, correlation)
    return Estimate(value, value - below, value + above)


def _combine_distances(one: float, other: float, correlation: float) -> float:
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return math.sqrt(max(one * one + other * other - 2.0 * correlation * one * other, 0.0))


def lift(first: Estimate, second: Estimate) -> Estimate:
    """Return the interval of first / second - 1 for independent estimates that are not negative.

    It is recovered from the two intervals (Donner and Zou 2012, eq. 9). The upper end is infinite
    where the second interval reaches 0.
    """
    a, b = first.value, second.value
    if not (b > 0.0 and math.isfinite(first.high) and math.isfinite(second.high)):
        return Estimate(math.nan if b <= 0.0 else a / b - 1.0, -1.0, math.inf)
    low = _ratio_end(a, b, first.low, second.high, -1.0)
    high = _ratio_end(a, b, first.high, second.low, 1.0) if second.low > 0.0 else math.inf
    return Estimate(a / b - 1.0, max(low, 0.0) - 1.0, high - 1.0)


def _ratio_end(a: float, b: float, end: float, other: float, sign: float) -> float:
    scale = other * (2.0 * b - other)
    root = (a * b) ** 2 - end * (2.0 * a - end) * scale
    if abs(scale) < 1e-12 * b * b:  # the quadratic's other root, as scale goes to 0
        return end * (2.0 * a - end) / (2.0 * a * b) if a > 0.0 else 0.0
    return (a * b + sign * math.sqrt(max(root, 0.0))) / scale
