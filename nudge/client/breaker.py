"""A breaker: while the service does not answer, pages do not wait for it one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from nudge.clock import monotonic


@dataclass
class Breaker:
    """A breaker of calls; safe to share between threads.

    Attributes:
        trips_at: failures in a row after which calls are left out.
        pause: seconds in which they are; then one call tries.
        clock: seconds; never jumps.
    """

    trips_at: int = 5
    pause: float = 1.0
    clock: Callable[[], float] = monotonic
    _failures: int = 0
    _closed_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def allows(self) -> bool:
        """Return whether to call; of many at the end of a pause one may."""
        with self._lock:
            if self._failures < self.trips_at:
                return True
            now = self.clock()
            if now < self._closed_until:
                return False
            self._closed_until = now + self.pause
            return True

    def note(self, *, failed: bool) -> None:
        """Note how a call ended."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures == self.trips_at:
                self._closed_until = self.clock() + self.pause
