"""Timetable of a history: when the worker's loops take their turns, which costs most of its time.

A live worker judges each minute and publishes within seconds. A month of that would take an hour.
What is left out is what a worker that was away a while leaves out, too: monitors skip minutes, the
policy learns a day's visitors at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bandits.units import DAY, HOUR

JUDGED: Final = (10, 12, 19, 20)
"""Hours of a usual day whose minutes are judged: two of each wave."""
EAGER: Final = 2 * DAY
"""Seconds of the beginning in which the policy learns every few hours."""


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

    def judges(self, before: float, at: float) -> bool:
        """Return whether the monitors judge at the end of a step."""
        return self.is_watched(before, at) or any(
            self._passes(before, at, hour * HOUR) for hour in JUDGED
        )

    def is_watched(self, before: float, at: float) -> bool:
        """Return whether a step lies in a span in which every minute is judged."""
        return any(first < at and before < last for first, last in self.watched)

    def publishes(self, before: float, at: float) -> bool:
        """Return whether what was learned is published at the end of a step."""
        soon = (self.start, *self.changes)
        eager = any(one <= at < one + EAGER for one in soon) and self._each(before, at, 8 * HOUR)
        return eager or at >= self.end or self._passes(before, at, 4 * HOUR)

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
