"""Fixed-horizon intervals: for one look, at a sample size set in advance, as reports show.

The estimate is AIPW with the logged propensities and the arm's own mean as reward model; the
variance is that of the influence values, by subject. Under Thompson assignment with a floor the
estimates stay nearly normal (Hadad et al. 2021 show when they do not); score intervals correct
the rest.
"""

import math

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference import interval
from bandits.inference.arm_sums import ArmSums
from bandits.inference.interval import Estimate, mean_interval


def derivatives(sums: ArmSums, arm: int) -> FloatArray:
    """Return the derivatives (2K,) of an arm's mean by the sums (w, w Y)."""
    table, out = sums.table, np.zeros(2 * sums.arms)
    weight = float(table.weight[arm])
    if weight > 0.0:
        out[arm] = -float(table.mean()[arm]) / weight
        out[sums.arms + arm] = 1.0 / weight
    return out


def variances(sums: ArmSums, first: int, second: int) -> tuple[float, float, float]:
    """Return the variances of two arms' means and of their difference."""
    if not sums.groups.rows:
        by_row = sums.table.variance_of_mean()
        a, b = float(by_row[first]), float(by_row[second])
        return a, b, a + b
    one, other = derivatives(sums, first), derivatives(sums, second)
    return sums.variance(one), sums.variance(other), sums.variance(one - other)


def mean(sums: ArmSums, arm: int, *, level: float = 0.95) -> Estimate:
    """Return the interval of the mean reward per exposure if all exposures were of this arm."""
    table = sums.table
    effective = float(table.effective()[arm])
    if sums.groups.rows:
        effective = min(effective, float(sums.groups.clusters))
    error = math.sqrt(variances(sums, arm, arm)[0])
    value = float(table.mean()[arm])
    return mean_interval(value, error, level=level, effective=effective, kind=sums.kind)


def difference(sums: ArmSums, first: int, second: int, *, level: float = 0.95) -> Estimate:
    """Return the interval of first - second, the difference of two arms' means on the same rows."""
    a, b, both = variances(sums, first, second)
    scale = 2.0 * math.sqrt(a * b)
    correlation = (a + b - both) / scale if math.isfinite(scale) and scale > 0.0 else 0.0
    ends = mean(sums, first, level=level), mean(sums, second, level=level)
    return interval.difference(*ends, correlation=min(max(correlation, -1.0), 1.0))


def lift(sums: ArmSums, first: int, second: int, *, level: float = 0.95) -> Estimate:
    """Return the interval of the lift, first / second - 1, of two arms' means.

    The upper end is infinite where the second mean may be 0.
    """
    return interval.lift(mean(sums, first, level=level), mean(sums, second, level=level))
