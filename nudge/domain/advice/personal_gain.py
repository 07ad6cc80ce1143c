"""Gain of a personal policy over the best single variant and the fallback, from its own log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference.clusters import GROUPS
from bandits.inference.interval import Estimate
from bandits.inference.quantiles import t_quantile
from nudge.domain.reports import comparison
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import OTHER, Cube, Groups
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.slots.slot import DEFAULT_PAGE


def personal_gain(
    part: ComparisonRows, arms: Sequence[int], *, shares: bool, level: float
) -> Estimate | None:
    """Return served policy over best single variant - 1, for one look; None where unknown.

    The best variant is not known: the gain over the best is the least of the gains over each, and
    its ends are the least ends at (1 - level) / K each.

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
    drawn = comparison.possible_rows(part, arms)
    w, wy = by_group[:, :wide], by_group[:, wide:]
    value, low, high = _gains(drawn, w, wy, 1.0 - (1.0 - level) / wide)
    return _known(float(value.min()), float(low.min()), float(high.min()))


def fallback_gain(pages: Cube, fallback: Mapping[str, str], *, level: float) -> Estimate | None:
    """Return served policy over the fallback of each page - 1, for one look; None where unknown.

    It is the gain over what an evaluation calls `always:VARIANT`, with the page's own variant:
    exposures in which the fallback was not eligible are left out.

    Args:
        pages: sums by page.
        fallback: page -> variant, with that of all other pages.
        level: of the interval.
    """
    own = {page for page, name in fallback.items() if name != fallback[DEFAULT_PAGE]}
    told = {values[0] for values in pages.segments}
    if OTHER in told and not own <= told:
        return None  # such a page may be among those that are put together
    names = [fallback.get(values[0], fallback[DEFAULT_PAGE]) for values in pages.segments]
    if not {*names} <= {*pages.variants}:
        return None
    arm = np.array([list(pages.variants).index(name) for name in names])
    drawn = ComparisonRows.of(pages).matured().drawn
    eligible = np.array(
        [[i in found for i in range(len(pages.variants))] for found in pages.possible]
    )
    drawn = drawn.where(eligible[drawn.possible, arm[drawn.segment]])
    shown = drawn.where(drawn.variant == arm[drawn.segment])
    if shown.clusters() < FEWEST:
        return None
    _, crowd = shown.crowd()
    w = np.bincount(crowd.cluster, crowd.weight, GROUPS).astype(np.float64)
    wy = np.bincount(crowd.cluster, crowd.weight_value, GROUPS).astype(np.float64)
    value, low, high = _gains(drawn, w[:, None], wy[:, None], level)
    return _known(float(value[0]), float(low[0]), float(high[0]))


def _gains(
    drawn: Groups, w: FloatArray, wy: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the gains (K,) of what was drawn over K others, with their ends.

    The policy's value is the mean reward of what it drew, the others' are weighted means of the
    same rows, so that both move together. The interval is that of log(served / other): the error
    of what is divided by is in it. The variance is that of the influence, by group of subjects.

    Args:
        drawn: exposures.
        w: (G, K) sums of weights by group of subjects.
        wy: (G, K) sums of weight times reward.
        level: of the intervals.
    """
    _, every = drawn.crowd()
    y = np.bincount(every.cluster, every.reward, GROUPS)
    n = np.bincount(every.cluster, every.rows, GROUPS).astype(np.float64)
    served, means = y.sum() / n.sum(), wy.sum(axis=0) / w.sum(axis=0)
    positive = means > 0.0
    if not served > 0.0:
        return (np.full(len(means), np.nan),) * 3
    safe = np.where(positive, means, 1.0)
    own = (y - n * served) / y.sum()
    influence = own[:, None] - (wy - w * means) / (w.sum(axis=0) * safe)
    used = int(np.count_nonzero(n))
    error = np.sqrt((influence**2).sum(axis=0) * used / max(used - 1, 1))
    reach = t_quantile(level, used - 1.0) * error
    ratio = np.where(positive, served / safe, np.inf)
    return ratio - 1.0, ratio * np.exp(-reach) - 1.0, ratio * np.exp(reach) - 1.0


def _known(value: float, low: float, high: float) -> Estimate | None:
    return Estimate(value, low, high) if all(map(math.isfinite, (value, low, high))) else None
