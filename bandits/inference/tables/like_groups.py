"""Means of people who are not alike, compared like with like.

Two groups differ in who belongs to them; within a stratum they do not. Each group's mean is
standardised to one mix of strata: the sum over strata of the mix's share times the group's mean
there. Rows of one person are not independent, so variances are sums over people of their
influences (Liang and Zeger 1986).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference import interval
from bandits.inference.interval import Estimate, RewardKind, mean_interval

LEVEL = 0.95
LEAST = 1e-18
"""Variance below which rounding leaves nothing of equal values."""


@dataclass(frozen=True)
class GroupMean:
    """The mean of a group, standardised to a mix of strata.

    Attributes:
        value: the mean.
        variance: of it, clustered by person; infinite with fewer than two people.
        effective: number of people with equal weights who would tell as much (Kish 1965).
    """

    value: float
    variance: float
    effective: float

    def estimate(self, level: float = LEVEL, kind: RewardKind = "share") -> Estimate:
        """Return the mean with its interval.

        Args:
            level: coverage.
            kind: of the values, as in `mean_interval`.
        """
        if math.isinf(self.variance):
            return Estimate(self.value, -math.inf, math.inf)
        error = math.sqrt(self.variance)
        found = mean_interval(self.value, error, level=level, effective=self.effective, kind=kind)
        return Estimate(self.value, min(found.low, self.value), max(found.high, self.value))


@dataclass(frozen=True)
class GroupDifference:
    """The difference of two groups' means, standardised to the same mix."""

    one: GroupMean
    other: GroupMean

    def estimate(self, level: float = LEVEL, kind: RewardKind = "share") -> Estimate:
        """Return one - other with its interval, recovered from both (Zou 2007)."""
        return interval.difference(self.one.estimate(level, kind), self.other.estimate(level, kind))


def standardised_mean(
    values: FloatArray, strata: IntArray, people: IntArray, mix: FloatArray
) -> GroupMean:
    """Return the mean of a group, standardised to a mix of strata.

    Args:
        values: (n,) of the rows.
        strata: (n,) stratum of each row.
        people: (n,) number of each row's person.
        mix: (s,) share of each stratum; those with a share have rows.
    """
    rows = np.bincount(strata, minlength=len(mix)).astype(np.float64)
    means = np.bincount(strata, values, len(mix)) / np.maximum(rows, 1.0)
    weights = (mix / np.maximum(rows, 1.0))[strata]
    return _clustered(float(mix @ means), weights * (values - means[strata]), weights, people)


def expected_after(
    since: FloatArray,
    strata: IntArray,
    ends: FloatArray,
    end_strata: IntArray,
    people: IntArray,
) -> GroupMean:
    """Return the share of a group that ends well from a moment on, were it like a reference.

    Each row of the group is compared with the rows of the reference in its stratum that had not
    ended at its moment: who ended before could not become a row of the group (the landmark of
    J. Anderson, K. Cain, R. Gelber, 1983).

    Args:
        since: (n,) moment at which each row of the group began, behind its opening.
        strata: (n,) stratum of each.
        ends: (m,) time behind its opening at which each row of the reference ended well; infinite
            where it did not within the horizon.
        end_strata: (m,) stratum of each; each stratum of the group has rows.
        people: (m,) number of each reference row's person.
    """
    value, influence, weights = 0.0, np.zeros(len(ends)), np.zeros(len(ends))
    for stratum in np.unique(strata):
        moments = np.sort(since[strata == stratum])
        rows = np.flatnonzero(end_strata == stratum)
        mine = ends[rows]
        order = np.sort(mine)
        at_risk = len(order) - np.searchsorted(order, moments, side="right")
        well = np.isfinite(order).sum() - np.searchsorted(
            order[np.isfinite(order)], moments, side="right"
        )
        risk = np.maximum(at_risk, 1).astype(np.float64)
        share = well / risk
        value += float(share.sum())
        # A row of the reference counts for all moments before its end.
        before = np.searchsorted(moments, mine, side="left")
        sums = np.concatenate(([0.0], np.cumsum(1.0 / risk)))
        means = np.concatenate(([0.0], np.cumsum(share / risk)))
        weights[rows] = sums[before]
        influence[rows] = np.isfinite(mine) * sums[before] - means[before]
    n = max(len(since), 1)
    return _clustered(value / n, influence / n, weights / n, people)


def shrunken(values: FloatArray, errors: FloatArray) -> FloatArray:
    """Return values drawn to their common mean by their errors (n,).

    The spread of the true values is that of R. DerSimonian and N. Laird (1986).

    Args:
        values: (n,) estimates.
        errors: (n,) standard errors, above 0.
    """
    weights = 1.0 / errors**2
    total = weights.sum()
    mean = float(weights @ values / total)
    excess = float(weights @ (values - mean) ** 2) - (len(values) - 1)
    scale = float(total - weights @ weights / total)
    spread = max(excess / scale, 0.0) if scale > 0.0 else 0.0
    trust = spread / (spread + errors**2)
    again = weights if spread == 0.0 else 1.0 / (spread + errors**2)
    middle = float(again @ values / again.sum())
    return np.asarray(middle + trust * (values - middle), dtype=np.float64)


def _clustered(
    value: float, influence: FloatArray, weights: FloatArray, people: IntArray
) -> GroupMean:
    _, codes = np.unique(people, return_inverse=True)
    count = int(codes.max()) + 1 if len(codes) else 0
    if count < 2:  # noqa: PLR2004 - one tells no spread
        return GroupMean(value, math.inf, float(count))
    by_person = np.bincount(codes, influence, count)
    of_person = np.bincount(codes, weights, count)
    squares = float(of_person @ of_person)
    effective = float(of_person.sum()) ** 2 / squares if squares > 0.0 else 0.0
    variance = float(by_person @ by_person) * count / (count - 1)
    return GroupMean(value, variance if variance > LEAST else 0.0, effective)
