"""Uniform policy: every eligible arm has the same probability."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, FloatArray
from bandits.distribution import mask_and_renormalise
from bandits.policies.base import Arrays, Header, PolicyBase, batch_eligible


@dataclass(frozen=True, kw_only=True)
class UniformPolicy(PolicyBase):
    """Policy that draws every eligible arm with the same probability and learns nothing."""

    kind: ClassVar[str] = "uniform"

    @property
    def floor(self) -> float:
        """See `Policy.floor`: the share of each arm where all are eligible."""
        return 1.0 / len(self.arms)

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """See `Policy.distribution`."""
        mask = batch_eligible(contexts, eligible, len(self.arms))
        return mask_and_renormalise(np.ones(mask.shape), mask)

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:  # noqa: ARG002
        """See `Policy.distribution_one`; the context is not used."""
        return np.asarray(eligible / max(1, int(np.count_nonzero(eligible))), dtype=np.float64)

    def header(self) -> Header:
        """Return no fields: the snapshot itself holds arms, version and meta."""
        return {}

    def arrays(self) -> Arrays:
        """Return no arrays."""
        return {}

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:  # noqa: ARG003
        """See `SnapshotPolicy.restore`."""
        return cls(arms=base.arms, version=base.version, meta=base.meta)
