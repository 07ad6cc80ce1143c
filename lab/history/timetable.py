"""Timetable of a history: when the worker's loops take their turns, which costs most of its time.

A live worker judges each minute and publishes within seconds. A month of that would take an hour.
What is left out is what a worker that was away a while leaves out, too: monitors judge the days of
outages, the policy learns a day's visitors at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bandits.units import DAY, HOUR

EAGER: Final = DAY
"""Seconds of the beginning, and behind a change, in which the policy learns every eight hours."""


@dataclass(frozen=True)
class Timetable:
    """The turns of a history.

    Attributes:
        start: seconds; when the history begins.
        end: seconds; when it ends.
        offset: seconds by which the operator's clock is ahead of UTC.
        watched: spans in which every minute is judged, as pairs of seconds.
        changes: moments behind which the policy learns soon.
    """

    start: float
    end: float
    offset: float
    watched: tuple[tuple[float, float], ...] = ()
    changes: tuple[float, ...] = ()

    def is_watched(self, before: float, at: float) -> bool:
        """Return whether a step lies in a span in which every minute is judged."""
        return any(first < at and before < last for first, last in self.watched)

    def publishes(self, before: float, at: float) -> bool:
        """Return whether what was learned is published at the end of a step."""
        soon = (self.start, *self.changes)
        eager = any(one <= at < one + EAGER for one in soon) and self._each(before, at, 8 * HOUR)
        return eager or at >= self.end or self._passes_often(before, at)

    def _passes_often(self, before: float, at: float) -> bool:
        """Return whether a step ends the first behind four in the morning of every second day."""
        return self._each(before + 20 * HOUR, at + 20 * HOUR, 2 * DAY)

    def assigns(self, before: float, at: float) -> bool:
        """Return whether cases are assigned at the end of a step."""
        return self._each(before, at, 4 * HOUR) or at >= self.end

    def archives(self, before: float, at: float) -> bool:
        """Return whether what waits goes to the lake at the end of a step."""
        return self._passes(before, at, 3 * HOUR) or at >= self.end

    def _passes(self, before: float, at: float, second: float) -> bool:
        """Return whether a step ends the first at or behind a second of the operator's day."""
        return (at + self.offset - second) // DAY > (before + self.offset - second) // DAY

    def _each(self, before: float, at: float, every: float) -> bool:
        return (at + self.offset) // every > (before + self.offset) // every
