"""What every policy answers, and what all policies share."""

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
    """An immutable map from context and eligible arms to a distribution.

    Attributes:
        version: set by whoever published it.
        arms: the arms' names, in the order of their indices.
        meta: what the publisher wrote beside it, such as journal positions.
    """

    @property
    def version(self) -> str: ...  # noqa: D102 - told above
    @property
    def arms(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def meta(self) -> Mapping[str, object]: ...  # noqa: D102

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """The propensities (n, K) of n visitors.

        Args:
            contexts: name -> column (n,); where it is empty, n is that of `eligible`, or 1.
            eligible: bool (n, K), or (K,) for all; None for every arm.

        Returns:
            Rows that sum to 1 and keep the floor on the eligible; all zeros where none is.
        """
        ...

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """The propensities (K,) of one visitor: the same numbers, without the batch's cost."""
        ...

    def draw(self, pmf: FloatArray, keys: AnyArray | Sequence[object]) -> IntArray:
        """Arms (n,) drawn from pmf (n, K), determined by the keys (n,) alone."""
        ...

    def worth_one(self, context: Context) -> FloatArray:
        """What each arm (K,) is expected to be worth to one visitor, in the reward's unit.

        Zeros where the policy has learned nothing: it may only be compared between visitors.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class PolicyBase:
    """The fields and the draw of every policy."""

    arms: tuple[str, ...]
    version: str = "0"
    meta: Mapping[str, object] = field(default_factory=dict)

    def draw(self, pmf: FloatArray, keys: AnyArray | Sequence[object]) -> IntArray:
        """Arms (n,) drawn from pmf (n, K), determined by the keys (n,) alone."""
        return draw(np.asarray(pmf, dtype=np.float64), uniform_from_keys(keys, DRAW_SALT))

    def worth_one(self, context: Context) -> FloatArray:  # noqa: ARG002 - nothing was learned
        """See `Policy.worth_one`."""
        return np.zeros(len(self.arms))


class SnapshotPolicy(Policy, Protocol):
    """A policy that can be written to a snapshot.

    Attributes:
        kind: the name under which the snapshot's reader finds the class.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102 - told above

    def header(self) -> Header:
        """The policy's own fields as JSON values."""
        ...

    def arrays(self) -> Arrays:
        """The policy's arrays by name."""
        ...

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:
        """The policy of these parts; ValueError, TypeError or KeyError where they do not fit."""
        ...


def batch_eligible(contexts: Contexts, eligible: BoolArray | None, arms: int) -> BoolArray:
    """The eligibility of a batch as bool (n, K).

    Raises:
        ValueError: where its shape fits neither the contexts nor the arms.
    """
    if eligible is None:
        return np.ones((length_of(contexts), arms), dtype=np.bool_)
    mask = np.asarray(eligible, dtype=np.bool_)
    rows = mask.shape[0] if mask.ndim > 1 and not contexts else length_of(contexts)
    return np.broadcast_to(mask, (rows, arms))
