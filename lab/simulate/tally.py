"""What the simulation saw: counted while it runs, by many threads."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field

from nudge.clock import monotonic

RECENT = 10.0
"""Seconds over which shares are given."""


@dataclass
class Tally:
    """Counts, and the truth that was met on the way.

    Attributes:
        visitors: whose visit has ended.
        decisions: answers by (slot, variant).
        exposures: that the policy drew, by (slot, variant): those that learning sees.
        expected: sum of the true probabilities of these exposures.
        events: sent, by type.
        sticky: answers with an earlier decision.
        repeated: of these, the ones that an earlier run of the same name had got.
    """

    visitors: int = 0
    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    exposures: Counter[tuple[str, str]] = field(default_factory=Counter)
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    sticky: int = 0
    repeated: int = 0
    _recent: deque[tuple[float, str, str]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def decided(self, slot: str, variant: str, *, sticky: bool) -> None:
        """Count an answer."""
        with self._lock:
            self.sticky += sticky
            self.decisions[slot, variant] += 1
            self._recent.append((monotonic(), slot, variant))

    def exposed(self, slot: str, variant: str, probability: float) -> None:
        """Count an exposure and its truth."""
        with self._lock:
            self.exposures[slot, variant] += 1
            self.expected[slot, variant] += probability  # type: ignore[assignment]

    def told(self, event_type: str) -> None:
        """Count an event."""
        with self._lock:
            self.events[event_type] += 1

    def left(self) -> None:
        """Count a visit that has ended."""
        with self._lock:
            self.visitors += 1

    def truth(self, slot: str, variant: str) -> float | None:
        """Mean true probability of the exposures made, or None where there was none."""
        with self._lock:
            count = self.exposures[slot, variant]
            return self.expected[slot, variant] / count if count else None

    def exposed_in(self, slot: str) -> int:
        """Exposures of a slot so far."""
        with self._lock:
            return sum(count for (name, _), count in self.exposures.items() if name == slot)

    def share(self, slot: str, variant: str) -> float | None:
        """Share of the variant among the slot's answers of the last seconds."""
        with self._lock:
            while self._recent and self._recent[0][0] < monotonic() - RECENT:
                self._recent.popleft()
            recent = [v for _, s, v in self._recent if s == slot]
        return recent.count(variant) / len(recent) if recent else None
