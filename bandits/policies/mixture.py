"""Mixture of two policies: most of the traffic by one, a stated share by the other."""

from dataclasses import dataclass
from typing import ClassVar, Self, cast

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, FloatArray
from bandits.policies.base import Arrays, Header, Policy, PolicyBase, SnapshotPolicy
from bandits.policies.conservative import LEARNED, ConservativePolicy

PARTS: dict[str, type[SnapshotPolicy]] = LEARNED | {ConservativePolicy.kind: ConservativePolicy}
"""Kind -> class of the policies that can be mixed, and stored."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MixturePolicy(PolicyBase):
    """Policy that draws by `other` with probability `share`, and by `main` otherwise.

    Its distribution is that of the mixture, so no propensity is further than `share` from that of
    `main`, whatever `other` is; and its floor is the mean of theirs.

    Attributes:
        main: policy over the same arms.
        other: policy over the same arms.
        share: of `other`, in [0, 1].
    """

    kind: ClassVar[str] = "mixture"

    main: Policy
    other: Policy
    share: float

    def __post_init__(self) -> None:
        """Check the share and the arms."""
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"share {self.share}")
        if not self.arms == self.main.arms == self.other.arms:
            raise ValueError("the policies have other arms")

    @property
    def floor(self) -> float:
        """See `Policy.floor`: the mean of both, by their shares."""
        return (1.0 - self.share) * self.main.floor + self.share * self.other.floor

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """See `Policy.distribution`."""
        parts = [one.distribution(contexts, eligible) for one in (self.main, self.other)]
        return self._mixed(*parts)

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """See `Policy.distribution_one`."""
        parts = [one.distribution_one(context, eligible) for one in (self.main, self.other)]
        return self._mixed(*parts)

    def worth_one(self, context: Context) -> FloatArray:
        """See `Policy.worth_one`: the mean of both."""
        return self._mixed(self.main.worth_one(context), self.other.worth_one(context))

    def _mixed(self, main: FloatArray, other: FloatArray) -> FloatArray:
        return np.asarray((1.0 - self.share) * main + self.share * other, dtype=np.float64)

    @property
    def _parts(self) -> tuple[SnapshotPolicy, SnapshotPolicy]:
        return cast("SnapshotPolicy", self.main), cast("SnapshotPolicy", self.other)

    def header(self) -> Header:
        """Return the share, and kind and fields of both policies."""
        return {"share": self.share, "parts": [[one.kind, one.header()] for one in self._parts]}

    def arrays(self) -> Arrays:
        """Return the arrays of both policies, under a number before their names."""
        return {
            f"{number}.{name}": array
            for number, one in enumerate(self._parts)
            for name, array in one.arrays().items()
        }

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:
        """See `SnapshotPolicy.restore`."""
        listed = header["parts"]
        if not isinstance(listed, list):
            raise TypeError("parts")
        main, other = (
            PARTS[kind].restore(base, fields, _of_part(arrays, number))
            for number, (kind, fields) in enumerate(listed)
        )
        return cls(
            arms=base.arms,
            version=base.version,
            meta=base.meta,
            main=main,
            other=other,
            share=float(str(header["share"])),
        )


def learned_policy(policy: Policy) -> Policy:
    """Return what was learned: the main part of a mixture, and what stands beside a baseline."""
    while isinstance(policy, MixturePolicy | ConservativePolicy):
        policy = policy.main
    return policy


def _of_part(arrays: Arrays, number: int) -> Arrays:
    start = f"{number}."
    return {name.removeprefix(start): one for name, one in arrays.items() if name.startswith(start)}
