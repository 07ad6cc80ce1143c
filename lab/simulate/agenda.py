"""Agenda of a simulation: new visitors at their rate, and visitors who come back."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nudge.clock import monotonic

Job = TypeVar("Job")


@dataclass(order=True)
class _Due(Generic[Job]):
    at: float
    number: int
    job: Job = field(compare=False)


class Agenda(Generic[Job]):
    """A queue that hands out jobs when they are due; thread-safe.

    Args:
        arrive: number -> job of a new visitor.
        visitors: total number of visitors.
        rate: new visitors a second; 0 for as many as can be served.
    """

    def __init__(self, arrive: Callable[[int], Job], visitors: int, rate: float) -> None:
        self._arrive = arrive
        self._visitors = visitors
        self._pause = 1 / rate if rate > 0 else 0.0
        self._away: list[_Due[Job]] = []
        self._changed = threading.Condition()
        self._begin = monotonic()
        self._put = 0
        self._busy = 0
        self._stopped = False
        self.arrived = 0
        self.failure: BaseException | None = None

    def next(self) -> Job | None:
        """Wait for the next due job, which must be given back; None at the end."""
        with self._changed:
            while not self._over():
                due, waits = self._due(), None
                if due is not None:
                    waits = due - monotonic()
                    if waits <= 0:
                        self._busy += 1
                        return self._take(due)
                self._changed.wait(waits)
            self._changed.notify_all()
            return None

    def back(self, job: Job | None = None, after: float = 0.0) -> None:
        """Give a job back: it is done (None), or continues in `after` seconds."""
        with self._changed:
            self._busy -= 1
            if job is not None:
                self._put += 1
                heapq.heappush(self._away, _Due(monotonic() + after, self._put, job))
            self._changed.notify_all()

    def stop(self, failure: BaseException | None = None) -> None:
        """End the agenda: no job is handed out any more; the first failure is kept."""
        with self._changed:
            self._stopped = True
            self.failure = self.failure or failure
            self._changed.notify_all()

    def _over(self) -> bool:
        done = self.arrived >= self._visitors and not self._away and not self._busy
        return self._stopped or done

    def _due(self) -> float | None:
        """Return the time at which the next job is due; None if no job is known."""
        times = [self._away[0].at] if self._away else []
        if self.arrived < self._visitors:
            times.append(self._begin + self.arrived * self._pause)
        return min(times, default=None)

    def _take(self, due: float) -> Job:
        if self._away and self._away[0].at <= due:
            return heapq.heappop(self._away).job
        self.arrived += 1
        return self._arrive(self.arrived - 1)
