"""Backoff: waits after failures, and where there is nothing to do."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.workers.jitter import upper_half


@dataclass
class Backoff:
    """Waits that double up to a cap, each of them anywhere in its upper half.

    Attributes:
        first: seconds of the first wait.
        most: seconds of the longest.
        turns: waits since the last `reset`.
    """

    first: float
    most: float
    turns: int = 0

    def next(self) -> float:
        """Return the seconds to wait now."""
        whole = min(self.most, self.first * 2.0 ** min(self.turns, 32))
        self.turns += 1
        # Several workers must not come back to the store in step.
        return upper_half(whole)

    def reset(self) -> None:
        """Begin with the first wait again."""
        self.turns = 0
