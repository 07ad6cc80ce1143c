"""The guard's rule: finds harm by a policy, from the revision on at which counting begins. Pure.

The sums are those of `comparison.holdout_sums_of`, and the verdict is that of its confidence
sequence, which stays valid however often it is looked at.
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
from nudge.domain.reports.capped_revenue import CappedRevenue
from nudge.domain.reports.section_estimates import interval_of, real
from nudge.domain.slots.slot import FrozenServes, GuardTerms, Metric, Slot, SlotMode

WHO: Final = "guard"
"""Name of the guard in the audit."""
FREEZE: Final[Mapping[str, str]] = {
    "mode": SlotMode.FROZEN.value,
    "frozen_serves": FrozenServes.FALLBACK.value,
}
"""Change of a slot by the guard."""
IN_YUAN: Final[Mapping[Metric, bool]] = {"abandonment": False, "downgrade": True}
"""True for a metric in yuan an exposure; otherwise it is conversions an exposure."""


@dataclass(frozen=True)
class MetricFinding:
    """The guard's finding about one metric.

    Attributes:
        exposures: of the policy, and of the holdout.
        means: of both: conversions, or yuan, an exposure; None with too little data.
        difference: policy minus holdout, by the confidence sequence; None with too little data.
        capped: revenue that is left out; None for a metric that is not in yuan, or without a cap.
    """

    metric: Metric
    exposures: tuple[int, int]
    means: tuple[float, float] | None = None
    difference: Estimate | None = None
    capped: CappedRevenue | None = None

    @property
    def harm(self) -> bool:
        """True where the whole sequence says that the policy is worse than the holdout."""
        return self.difference is not None and self.difference.high < 0.0

    @property
    def plain(self) -> dict[str, object]:
        """The finding as JSON: abandonment as a share, downgrade in yuan; a rise is harm."""
        exposures = dict(zip(("policy", "holdout"), self.exposures, strict=True))
        means = None if self.means is None else [real(self._as_harm(x)) for x in self.means]
        return {
            "metric": self.metric,
            "exposures": exposures,
            "policy": means and means[POLICY],
            "holdout": means and means[HOLDOUT],
            "rise": None if self.rise is None else interval_of(self.rise),
            "harm": self.harm,
            "capped": self.capped and self.capped.plain,
        }

    @property
    def rise(self) -> Estimate | None:
        """The rise of abandonment, or the loss in yuan, of the policy over the holdout."""
        found = self.difference
        return None if found is None else Estimate(-found.value, -found.high, -found.low)

    def _as_harm(self, mean: float) -> float:
        return mean if IN_YUAN[self.metric] else 1.0 - mean


@dataclass(frozen=True)
class HarmFinding:
    """The guard's finding about a slot.

    Attributes:
        slot: at the revision that was checked.
        since: the first revision that counts.
        found: by metric.
        as_of: seconds; everything up to then is counted.
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
    """Return the revision from which on a slot's exposures count for the guard.

    It begins the latest unbroken run of live revisions with one choice: after the slot was set live
    again, and after a change of what is chosen, how, or by what it is rewarded, the guard judges
    anew. Each time it may be wrong with a chance of alpha.

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
    """Judge one metric from the sums of policy and holdout.

    The error of each metric is one-sided, and alpha is shared among the metrics, as a verdict
    shares it among variants.

    Args:
        metric: its unit is in `IN_YUAN`.
        sums: of policy and holdout.
        harms: terms of the guard.
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
    """Return all fields of a slot that decide what is shown, and what it is rewarded by."""
    how = (slot.policy, slot.floor, slot.fallback, slot.stickiness)
    return (slot.variants, slot.context, slot.terms, *how)
