"""Fixed-horizon intervals: for one look, at a sample size set in advance, as reports show.

The estimate is AIPW with the logged propensities and the arm's own mean as reward model; the
variance is that of the influence values, by subject. Under Thompson assignment with a floor the
estimates stay nearly normal (Hadad et al. 2021 show when they do not); score intervals correct
the rest. Where a few payments of great weight would carry the variance, the estimate is far from
normal, and its law is taken as it is (`payment_law`).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference import interval
from bandits.inference.arm_sums import ArmSums
from bandits.inference.interval import Estimate, mean_interval
from bandits.inference.payment_law import PaymentLaw
from bandits.inference.prediction import payment_counts, score_variances


def derivatives(sums: ArmSums, arm: int) -> FloatArray:
    """Return the derivatives (2K,) of an arm's mean by the sums (w, w Y)."""
    table, out = sums.table, np.zeros(2 * sums.arms)
    weight = float(table.weight[arm])
    if weight > 0.0:
        out[arm] = -float(table.mean()[arm]) / weight
        out[sums.arms + arm] = 1.0 / weight
    return out


def observed_variances(sums: ArmSums, first: int, second: int) -> tuple[float, float, float]:
    """Return the sample's variances of two arms' means and of their difference."""
    if not sums.groups.rows:
        by_row = sums.table.variance_of_mean()
        a, b = float(by_row[first]), float(by_row[second])
        return a, b, a + b
    one, other = derivatives(sums, first), derivatives(sums, second)
    return sums.variance(one), sums.variance(other), sums.variance(one - other)


def design_effect(sums: ArmSums) -> FloatArray:
    """Return the design effects (K, K) of subjects with several rows, those of differences.

    On the diagonal they are those of the means.
    """
    out = np.ones((sums.arms, sums.arms))
    if not sums.groups.rows:
        return out
    for a in range(sums.arms):
        for b in range(a + 1):
            own, _, both = pair_effects(sums, a, b)
            out[a, b] = out[b, a] = own if a == b else both
    return out


def pair_effects(sums: ArmSums, first: int, second: int) -> tuple[float, float, float]:
    """Return the design effects of two arms' means and of their difference.

    Each is the clustered over the row-by-row variance. The ratio of two empirical variances is
    stable even where each one is not.
    """
    if not sums.groups.rows:
        return 1.0, 1.0, 1.0
    by_row = sums.table.variance_of_mean()
    a, b = float(by_row[first]), float(by_row[second])
    one, other, both = observed_variances(sums, first, second)
    return _ratio(one, a), _ratio(other, b), _ratio(both, a + b)


def _ratio(clustered: float, by_row: float) -> float:
    found = clustered / by_row if by_row > 0.0 else 1.0
    return found if math.isfinite(found) else 1.0


@dataclass(frozen=True)
class PairVariances:
    """The variances of two arms' means and of their difference.

    Attributes:
        levels: the means at which the first two hold.
        first: of the first arm's mean.
        second: of the second arm's mean.
        difference: of the difference.
    """

    levels: tuple[float, float]
    first: float
    second: float
    difference: float


def variances(sums: ArmSums, first: int, second: int) -> PairVariances:
    """Return the variances of two arms' means and of their difference.

    They are those of the strata, at their smoothed means, times the design effect of subjects. The
    sample's own goes with the estimate where rewards are few: with an arm at .005 among those who
    pay most its intervals held the truth in .71 of runs, even halfway to that of the strata.
    """
    blocks, means = sums.time_blocks, np.nan_to_num(sums.table.mean())
    if not len(blocks.block) or (sums.groups.rows and sums.groups.clusters < 2):  # noqa: PLR2004
        own = observed_variances(sums, first, second)
        return PairVariances((float(means[first]), float(means[second])), *own)
    levels, each = _row_variances(sums)
    a, b = float(each[first]), float(each[second])
    one, other, both = pair_effects(sums, first, second)
    at = float(levels[first]), float(levels[second])
    return PairVariances(at, a * one, b * other, (a + b) * both)


# The same for all arms of a comparison, and a section of a report asks for each of them thrice.
@lru_cache(maxsize=2)
def _row_variances(sums: ArmSums) -> tuple[FloatArray, FloatArray]:
    """Return smoothed means (K,), and their variances (K,) if each row were another subject's."""
    levels, wide = score_variances(sums.time_blocks)
    return levels, wide / float(sums.table.rows) ** 2


@lru_cache(maxsize=2)
def _payment_laws(sums: ArmSums) -> tuple[PaymentLaw, ...]:
    """Return the laws of the arms' sums of w (Y - mean), if each row were another subject's.

    None are known of rewards whose size varies, without blocks, and of a single subject.
    """
    if sums.kind != "share" or not len(sums.time_blocks.block):
        return ()
    if sums.groups.rows and sums.groups.clusters < 2:  # noqa: PLR2004 - one tells no spread
        return ()
    counts, weights = payment_counts(sums.time_blocks)
    _, each = _row_variances(sums)
    wide = each * float(sums.table.rows) ** 2
    return tuple(
        PaymentLaw(counts[:, arm], weights[:, arm], float(wide[arm])) for arm in range(sums.arms)
    )


def _law_interval(
    value: float, law: PaymentLaw, effect: float, rows: float, level: float
) -> Estimate:
    """Return the interval of a mean, or of a difference, by the law of its sum."""
    low, high = law.quantiles(level)
    scale = math.sqrt(effect) / rows
    return Estimate(value, value - high * scale, value - low * scale)


def mean(sums: ArmSums, arm: int, *, level: float = 0.95) -> Estimate:
    """Return the interval of the mean reward per exposure if all exposures were of this arm."""
    table = sums.table
    effective = float(table.effective()[arm])
    if sums.groups.rows:
        effective = min(effective, float(sums.groups.clusters))
    found = variances(sums, arm, arm)
    error, at = math.sqrt(found.first), found.levels[0]
    value = float(table.mean()[arm])
    laws = _payment_laws(sums)
    if laws and math.isfinite(value) and laws[arm].is_heavy:
        effect = pair_effects(sums, arm, arm)[0]
        found_by_law = _law_interval(value, laws[arm], effect, float(table.rows), level)
        return Estimate(value, max(0.0, found_by_law.low), min(1.0, found_by_law.high))
    return mean_interval(value, error, level=level, effective=effective, kind=sums.kind, at=at)


def difference(sums: ArmSums, first: int, second: int, *, level: float = 0.95) -> Estimate:
    """Return the interval of first - second, the difference of two arms' means on the same rows."""
    laws, means = _payment_laws(sums), sums.table.mean()
    value = float(means[first] - means[second])
    if laws and math.isfinite(value) and (law := laws[first] - laws[second]).is_heavy:
        effect = pair_effects(sums, first, second)[2]
        return _law_interval(value, law, effect, float(sums.table.rows), level)
    found = variances(sums, first, second)
    a, b = found.first, found.second
    scale = 2.0 * math.sqrt(a * b)
    correlation = (
        (a + b - found.difference) / scale if math.isfinite(scale) and scale > 0.0 else 0.0
    )
    ends = mean(sums, first, level=level), mean(sums, second, level=level)
    return interval.difference(*ends, correlation=min(max(correlation, -1.0), 1.0))


def lift(sums: ArmSums, first: int, second: int, *, level: float = 0.95) -> Estimate:
    """Return the interval of the lift, first / second - 1, of two arms' means.

    The upper end is infinite where the second mean may be 0.
    """
    return interval.lift(mean(sums, first, level=level), mean(sums, second, level=level))
