"""Protocol of a policy, and the base class of the policies of this package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import numpy as np

from bandits.arrays import AnyArray, BoolArray, Context, Contexts, FloatArray, IntArray
from bandits.distribution import draw, uniform_from_keys
from bandits.features import length_of

DRAW_SALT = b"bandits.policy.draw"

Header = dict[str, object]
Arrays = dict[str, AnyArray]


class Policy(Protocol):
    """Policy: an immutable map from context and eligible arms to a distribution over arms.

    Attributes:
        version: set by the publisher.
        arms: names, in the order of their indices.
        meta: JSON values added by the publisher, such as journal positions.
        floor: least propensity of each eligible arm; equal shares where even those are less.
    """

    @property
    def version(self) -> str: ...  # noqa: D102 - in the class docstring
    @property
    def arms(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def meta(self) -> Mapping[str, object]: ...  # noqa: D102
    @property
    def floor(self) -> float: ...  # noqa: D102

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """Return the propensities (n, K) of n visitors.

        Args:
            contexts: name -> column (n,); without columns, n is that of `eligible`, or 1.
            eligible: bool (n, K), or (K,) for all visitors; None for every arm.

        Returns:
            Rows that sum to 1 and keep the floor on eligible arms; zeros where no arm is eligible.
        """
        ...

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """Return the propensities (K,) of one visitor, equal to those of a batch and quicker."""
        ...

    def draw(self, pmf: FloatArray, keys: AnyArray | Sequence[object]) -> IntArray:
        """Draw arms (n,) from pmf (n, K); the keys (n,) alone determine the randomness."""
        ...

    def worth_one(self, context: Context) -> FloatArray:
        """Return the expected worth (K,) of each arm to one visitor.

        The unit is the policy's own, and zeros mean that the policy has learned nothing: use it
        only to compare visitors under the same policy.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class PolicyBase:
    """Fields that all policies have, and their draw."""

    arms: tuple[str, ...]
    version: str = "0"
    meta: Mapping[str, object] = field(default_factory=dict)

    def draw(self, pmf: FloatArray, keys: AnyArray | Sequence[object]) -> IntArray:
        """See `Policy.draw`."""
        return draw(np.asarray(pmf, dtype=np.float64), uniform_from_keys(keys, DRAW_SALT))

    def worth_one(self, context: Context) -> FloatArray:  # noqa: ARG002 - nothing was learned
        """See `Policy.worth_one`: zeros."""
        return np.zeros(len(self.arms))


class SnapshotPolicy(Policy, Protocol):
    """Policy that can be written to a snapshot and restored from it.

    Attributes:
        kind: name by which the reader of snapshots finds the class.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102 - in the class docstring

    def header(self) -> Header:
        """Return the fields of this kind of policy as JSON values."""
        ...

    def arrays(self) -> Arrays:
        """Return the arrays of the policy by name."""
        ...

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:
        """Return the policy of these parts.

        Raises:
            KeyError: a part is missing.
            TypeError: a part has the wrong type.
            ValueError: the parts do not fit together.
        """
        ...


def batch_eligible(contexts: Contexts, eligible: BoolArray | None, arms: int) -> BoolArray:
    """Return the eligibility of a batch as bool (n, K).

    Raises:
        ValueError: the shape of `eligible` does not fit the contexts and the arms.
    """
    if eligible is None:
        return np.ones((length_of(contexts), arms), dtype=np.bool_)
    mask = np.asarray(eligible, dtype=np.bool_)
    rows = mask.shape[0] if mask.ndim > 1 and not contexts else length_of(contexts)
    return np.broadcast_to(mask, (rows, arms))
