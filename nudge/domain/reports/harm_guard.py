"""The guard's rule: when a policy does harm, since when that is counted, what is said of it.

Pure. The sums are those of `comparison.holdout_sums_of`, and the verdict is that of its confidence
sequence, so that it may be looked at as often as one likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bandits.inference import sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.holdout import HOLDOUT, POLICY
from bandits.inference.interval import Estimate
from bandits.inference.verdict import LEAST_HITS
from nudge.domain.reports.section_estimates import interval_of, real
from nudge.domain.slots.slot import FrozenServes, GuardTerms, Metric, Slot, SlotMode

WHO: Final = "guard"
"""In the audit."""
FREEZE: Final[Mapping[str, str]] = {
    "mode": SlotMode.FROZEN.value,
    "frozen_serves": FrozenServes.FALLBACK.value,
}
"""What the guard changes in a slot."""
IN_YUAN: Final[Mapping[Metric, bool]] = {"abandonment": False, "downgrade": True}
"""Whether what is compared is yuan an exposure; else it is conversions an exposure."""


@dataclass(frozen=True)
class MetricFinding:
    """What a look found of one metric.

    Attributes:
        metric: which.
        exposures: that the policy served, and of the holdout.
        means: of both: conversions, or yuan, an exposure; None while there is too little.
        difference: policy minus holdout, the sequence; None while there is too little.
    """

    metric: Metric
    exposures: tuple[int, int]
    means: tuple[float, float] | None = None
    difference: Estimate | None = None

    @property
    def harm(self) -> bool:
        """Whether the policy is worse than the holdout: all of the sequence says so."""
        return self.difference is not None and self.difference.high < 0.0

    @property
    def plain(self) -> dict[str, object]:
        """As JSON: abandonment as the share that left, downgrade in yuan; a rise is harm."""
        told = dict(zip(("policy", "holdout"), self.exposures, strict=True))
        means = None if self.means is None else [real(self._told(x)) for x in self.means]
        return {
            "metric": self.metric,
            "exposures": told,
            "policy": means and means[POLICY],
            "holdout": means and means[HOLDOUT],
            "rise": None if self.rise is None else interval_of(self.rise),
            "harm": self.harm,
        }

    @property
    def rise(self) -> Estimate | None:
        """By how much the policy is worse: policy's abandonment, or loss of yuan, minus theirs."""
        found = self.difference
        return None if found is None else Estimate(-found.value, -found.high, -found.low)

    def _told(self, mean: float) -> float:
        return mean if IN_YUAN[self.metric] else 1.0 - mean


@dataclass(frozen=True)
class HarmFinding:
    """What a look found of a slot.

    Attributes:
        slot: as it was looked at.
        since: the first revision that counts.
        found: by metric.
        as_of: seconds; all that had happened by then was counted.
    """

    slot: Slot
    since: int
    found: tuple[MetricFinding, ...]
    as_of: float

    @property
    def harms(self) -> tuple[MetricFinding, ...]:
        """The metrics by which the policy does harm."""
        return tuple(one for one in self.found if one.harm)


def begins(history: Iterable[Slot]) -> int:
    """The revision from which on a slot's exposures count.

    The first one of those at the end that are live without a break and choose alike: after the
    slot was set live again, and after a change of what is chosen, how, or by what it is rewarded,
    the guard judges anew. Each time it may be wrong with a chance of alpha.

    Args:
        history: revisions of the slot, the current one first; at least one.
    """
    revisions = iter(history)
    first = next(revisions)
    for earlier in revisions:
        if earlier.mode != SlotMode.LIVE or _choice(earlier) != _choice(first):
            break
        first = earlier
    return first.revision


def judge(metric: Metric, sums: ArmSums, harms: GuardTerms) -> MetricFinding:
    """What the sums say.

    The error of each metric is one-sided, and alpha is shared among the metrics, as a verdict
    shares it among variants.

    Args:
        metric: which; `IN_YUAN` says of what the sums are.
        sums: of policy and holdout.
        harms: what the guard watches for.
    """
    table = sums.table
    policy, holdout = (int(x) for x in table.shown.tolist())
    few = float(table.hits.sum()) < LEAST_HITS * sums.arms
    if few or not policy or not holdout:
        return MetricFinding(metric, (policy, holdout))
    alpha = 2.0 * harms.alpha / len(harms.metrics)
    unit = None if IN_YUAN[metric] else 1.0
    found = sequence.difference(sums, POLICY, HOLDOUT, alpha=alpha, unit=unit)
    means = table.mean()
    return MetricFinding(
        metric, (policy, holdout), (float(means[POLICY]), float(means[HOLDOUT])), found
    )


def _choice(slot: Slot) -> tuple[object, ...]:
    """All that decides what is shown, and what it is rewarded by."""
    how = (slot.policy, slot.floor, slot.fallback, slot.stickiness)
    return (slot.variants, slot.context, slot.terms, *how)
