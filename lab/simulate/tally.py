"""Counts of a running simulation, shared by its threads."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field

from nudge.clock import monotonic

RECENT = 10.0
"""Seconds over which the share of visitors who got the best for them is measured."""


@dataclass
class Tally:
    """Thread-safe counts of decisions, exposures and events, and sums of the simulated truth.

    Attributes:
        visitors: visitors whose visit has ended.
        decisions: answers by (slot, variant).
        exposures: exposures that the policy drew, by (slot, variant): those that learning sees.
        expected: sum of the true probabilities of these exposures.
        events: events sent, by type.
        sticky: answers with an earlier decision.
        repeated: sticky answers whose decision is from an earlier run of this name.
    """

    visitors: int = 0
    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    exposures: Counter[tuple[str, str]] = field(default_factory=Counter)
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    sticky: int = 0
    repeated: int = 0
    _recent: deque[tuple[float, bool, float]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add_decision(self, slot: str, variant: str, *, sticky: bool) -> None:
        """Count an answer."""
        with self._lock:
            self.sticky += sticky
            self.decisions[slot, variant] += 1

    def add_fit(self, *, fits: bool, chance: float) -> None:
        """Count a visitor who was shown something.

        Args:
            fits: whether it is what is best for them.
            chance: how likely that was if each variant had been as likely.
        """
        with self._lock:
            self._recent.append((monotonic(), fits, chance))
            while self._recent[0][0] < monotonic() - RECENT:
                self._recent.popleft()

    def add_exposure(self, slot: str, variant: str, probability: float) -> None:
        """Count an exposure, and add its true probability."""
        with self._lock:
            self.exposures[slot, variant] += 1
            self.expected[slot, variant] += probability  # type: ignore[assignment]

    def add_event(self, event_type: str) -> None:
        """Count an event."""
        with self._lock:
            self.events[event_type] += 1

    def add_visit(self) -> None:
        """Count a visit that has ended."""
        with self._lock:
            self.visitors += 1

    def truth(self, slot: str, variant: str) -> float | None:
        """Return the mean true probability of a variant's exposures; None without exposures."""
        with self._lock:
            count = self.exposures[slot, variant]
            return self.expected[slot, variant] / count if count else None

    def count_exposures(self, slot: str) -> int:
        """Count the exposures of a slot so far."""
        with self._lock:
            return sum(count for (name, _), count in self.exposures.items() if name == slot)

    def fitting(self) -> tuple[float, float] | None:
        """Return the share of recent visitors who got what is best for them, and that by chance.

        By chance each variant is as likely. None without visitors.
        """
        with self._lock:
            recent = [one for one in self._recent if one[0] >= monotonic() - RECENT]
        if not recent:
            return None
        chance = sum(one for _, _, one in recent)
        return sum(fits for _, fits, _ in recent) / len(recent), chance / len(recent)
