"""The two sides of the package: what learns and what is served."""

from collections.abc import Sequence
from typing import Protocol

from bandits.arrays import AnyArray, Contexts, FloatArray
from bandits.policies.base import Policy

__all__ = ["Learner", "Policy"]


class Learner(Protocol):
    """Takes exposures and rewards, gives snapshots. It has no clock: times come in, in seconds."""

    unknown_rewards: int

    def expose(
        self,
        ids: AnyArray | Sequence[object],
        contexts: Contexts,
        arms: AnyArray | Sequence[int],
        at: FloatArray | float,
    ) -> None:
        """Count n exposures, each with its id (n,), context, arm index (n,) and time (n,)."""
        ...

    def reward(
        self,
        ids: AnyArray | Sequence[object],
        values: AnyArray | Sequence[float],
        at: FloatArray | float,
    ) -> None:
        """Add rewards (n,) to earlier exposures, in any order.

        Rewards of unknown ids are counted in `unknown_rewards` and ignored.
        """
        ...

    def snapshot(self, at: float) -> bytes:
        """The policy as of `at`, for `load_policy`."""
        ...
