"""Traffic of a history: when visitors come, by the hour and by the day of the week."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

import numpy as np

from bandits.units import DAY

TICK: Final = 600.0
"""Seconds of one tick: all that happens in it comes in few calls."""
RUSH: Final = 80.0
"""Times as many come in a rush, as in the evening of a flash sale."""
BY_HOUR: Final = (
    *(1.0, 0.6, 0.4, 0.3, 0.3, 0.5, 1.2, 2.4, 4.0, 5.2, 5.8, 5.6),
    *(5.9, 5.2, 4.8, 4.8, 5.0, 5.4, 6.2, 7.2, 7.6, 7.0, 5.2, 2.8),
)
"""Weights of the hours, midnight first: two waves, as on a recharge channel."""
BY_WEEKDAY: Final = (1.0, 1.0, 1.02, 1.03, 1.08, 0.95, 0.92)
"""Weights of the days, Monday first."""


@dataclass(frozen=True)
class Traffic:
    """The visitors of a history.

    Attributes:
        a_day: visitors of a usual day.
        zone: of the operator.
        rushes: spans in which more come, as pairs of seconds.
    """

    a_day: float
    zone: tzinfo
    rushes: tuple[tuple[float, float], ...] = ()

    def rate(self, at: float) -> float:
        """Return the visitors of one second at a moment."""
        local = datetime.fromtimestamp(at, self.zone)
        hour = BY_HOUR[local.hour] / sum(BY_HOUR) * 24
        rush = RUSH if any(first <= at < last for first, last in self.rushes) else 1.0
        return self.a_day * rush * hour * BY_WEEKDAY[local.weekday()] / DAY

    def arrivals(self, start: float, end: float, rng: np.random.Generator) -> Iterator[float]:
        """Yield the moments of one tick at which visitors come, the first one first."""
        count = rng.poisson(self.rate(start) * (end - start))
        yield from sorted(float(at) for at in rng.uniform(start, end, count))
