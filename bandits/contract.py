"""Protocols of the package: the learner, and the policy that it publishes."""

from collections.abc import Sequence
from typing import Protocol

from bandits.arrays import AnyArray, Contexts, FloatArray
from bandits.policies.base import Policy
from bandits.policies.explanation import Explanation

__all__ = ["Learner", "Policy"]


class Learner(Protocol):
    """Learner that turns exposures and rewards into snapshots.

    A learner has no clock: every time is an argument, in seconds.

    Attributes:
        unknown_rewards: number of rewards whose id was never exposed.
    """

    unknown_rewards: int

    def expose(
        self,
        ids: AnyArray | Sequence[object],
        contexts: Contexts,
        arms: AnyArray | Sequence[int],
        at: FloatArray | float,
    ) -> None:
        """Count n exposures: ids (n,), contexts, arm indices (n,) and times (n,)."""
        ...

    def reward(
        self,
        ids: AnyArray | Sequence[object],
        values: AnyArray | Sequence[float],
        at: FloatArray | float,
    ) -> None:
        """Add rewards (n,) to earlier exposures, in any order.

        Rewards of unknown ids are ignored, and counted in `unknown_rewards`.
        """
        ...

    def snapshot(self, at: float) -> bytes:
        """Return the policy learned by time `at` as bytes, for `load_policy`."""
        ...

    def explain(self) -> Explanation | None:
        """Return the explanation of the newest snapshot; None before the first."""
        ...
