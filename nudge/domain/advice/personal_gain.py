"""Gain of a personal policy over the best single variant, from the policy's own log."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bandits.inference.clusters import GROUPS
from bandits.inference.interval import Estimate
from bandits.inference.quantiles import t_quantile
from nudge.domain.reports import comparison
from nudge.domain.reports.comparison import ComparisonRows


def personal_gain(
    part: ComparisonRows, arms: Sequence[int], *, shares: bool, level: float
) -> Estimate | None:
    """Return served policy over best single variant - 1, for one look; None where unknown.

    The policy's value is the mean reward of what it drew, a variant's the weighted mean of the same
    rows, so that both move together; the variance of the difference is that of its influence,
    summed by groups of subjects. The best variant is not known: the gain over the best is the
    least of the gains over each, and its ends are the least ends at (1 - level) / K each.

    Args:
        part: rows whose rewards are final.
        arms: indices of the K variants that are compared.
        shares: every reward is 0 or 1.
        level: of the interval.
    """
    sums = comparison.arm_sums_of(part, arms, shares=shares)
    table, wide, by_group = sums.table, len(arms), sums.groups.groups
    if by_group is None or not (wide and table.shown.all()):
        return None
    _, every = comparison.possible_rows(part, arms).crowd()
    y = np.bincount(every.cluster, every.reward, GROUPS)
    n = np.bincount(every.cluster, every.rows, GROUPS).astype(np.float64)
    served, means = y.sum() / n.sum(), table.value / table.weight
    w, wy = by_group[:, :wide], by_group[:, wide:]
    own = (y - n * served) / n.sum()
    influence = own[:, None] - (wy - w * means) / table.weight
    used = int(np.count_nonzero(n))
    error = np.sqrt((influence**2).sum(axis=0) * used / max(used - 1, 1))
    reach = t_quantile(1.0 - (1.0 - level) / wide, used - 1.0) * error
    gain, best = served - means, float(means.max())
    if not best > 0.0 or not math.isfinite(float(reach.max())):
        return None
    low, high = float((gain - reach).min()), float((gain + reach).min())
    return Estimate(float(gain.min()) / best, low / best, high / best)
