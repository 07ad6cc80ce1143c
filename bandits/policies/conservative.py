"""Conservative policy: the baseline, and a share of the draws by a learned policy."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self, cast

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, FloatArray
from bandits.baseline.allowance import extra_floor
from bandits.baseline.rankings import Baseline
from bandits.distribution import NO_ARM, mix_floor
from bandits.policies.base import Arrays, Header, Policy, PolicyBase, SnapshotPolicy, batch_eligible
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.feature_ensemble import FeatureEnsemble
from bandits.policies.fixed import FixedPolicy
from bandits.policies.uniform import UniformPolicy

LEARNED: dict[str, type[SnapshotPolicy]] = {
    policy.kind: policy for policy in (EnsemblePolicy, FeatureEnsemble, FixedPolicy, UniformPolicy)
}
"""Kind -> class of the policies that take a share of a baseline's draws, and are stored."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ConservativePolicy(PolicyBase):
    """Policy that draws by `main` with probability `share`, and shows the baseline otherwise.

    Where the baseline names no arm, `main` has all draws.

    Attributes:
        main: learned policy over the same arms.
        baseline: the operator's own rule.
        share: of the learned policy, in (0, 1].
        least: floor that each eligible arm keeps, whatever the share.
    """

    kind: ClassVar[str] = "conservative"

    main: Policy
    baseline: Baseline
    share: float
    least: float = 0.0

    def __post_init__(self) -> None:
        """Check the share, the arms and the rankings."""
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"share {self.share}")
        if self.arms != self.main.arms:
            raise ValueError("the policy has other arms")
        named = {arm for one in self.baseline.rankings for order in one.orders for arm in order}
        if not named <= set(range(len(self.arms))):
            raise ValueError("the baseline names an arm that there is not")

    @property
    def floor(self) -> float:
        """Least propensity of each eligible arm: `least`, or the share of that of `main`."""
        return max(self.least, self.share * self.main.floor)

    @cached_property
    def _extra(self) -> float:
        share, least = np.array([self.share]), np.array([self.least])
        return float(extra_floor(share, self.main.floor, least, len(self.arms))[0])

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """See `Policy.distribution`."""
        mask = batch_eligible(contexts, eligible, len(self.arms))
        arms = self.baseline.arms(contexts, mask)
        main = np.asarray(self.main.distribution(contexts, mask), dtype=np.float64)
        known = arms != NO_ARM
        pmf = np.where(known[:, None], self.share * main, main)
        pmf[known, arms[known]] += 1.0 - self.share
        return np.where(known[:, None], mix_floor(pmf, mask, self._extra), pmf)

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """See `Policy.distribution_one`."""
        pmf = self.main.distribution_one(context, eligible)
        arm = self.baseline.arm_one(context, eligible)
        if arm == NO_ARM:
            return pmf
        mixed = self.share * pmf
        mixed[arm] += 1.0 - self.share
        return mix_floor(mixed, eligible, self._extra) if self._extra else mixed

    def worth_one(self, context: Context) -> FloatArray:
        """See `Policy.worth_one`: that of the learned policy."""
        return self.main.worth_one(context)

    def header(self) -> Header:
        """Return share, baseline, and kind and fields of the learned policy."""
        main = cast("SnapshotPolicy", self.main)
        return {
            "share": self.share,
            "least": self.least,
            "baseline": self.baseline.header(),
            "main": [main.kind, main.header()],
        }

    def arrays(self) -> Arrays:
        """Return the arrays of the learned policy."""
        return cast("SnapshotPolicy", self.main).arrays()

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:
        """See `SnapshotPolicy.restore`."""
        listed = header["main"]
        if not isinstance(listed, list):
            raise TypeError("main")
        kind, fields = listed
        return cls(
            arms=base.arms,
            version=base.version,
            meta=base.meta,
            main=LEARNED[kind].restore(base, fields, arrays),
            baseline=Baseline.from_header(header["baseline"]),
            share=float(str(header["share"])),
            least=float(str(header["least"])),
        )
