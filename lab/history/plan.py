"""Plan of a history: what happens, and when; all of it follows from a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Final

from bandits.units import DAY, HOUR
from lab.history.failures import Outage

DAYS: Final = 30
VISITORS: Final = 300
"""Visitors of a usual day who are new or unknown: what two minutes have room for."""
CUSTOMERS: Final = 2500
"""Known customers, who come once in a week or two."""
DECISIONS_OF_VISITOR: Final = 3.3
DECISIONS_OF_CUSTOMER: Final = 4.2
"""Decisions of one visit: most who come see the home page, and its three slots, alone."""
VISITS_OF_CUSTOMER: Final = 0.14
"""Visits of one customer on one day."""
MORNING, NIGHT = 2.5 * HOUR, 1.0 * HOUR
"""Seconds before and behind an outage, in whose evening many come: a flash sale."""
OUTAGE_AGO: Final = 9
SMALL_OUTAGE_AGO: Final = 17
COFFEE_AGO: Final = 12
ROLL_BACK_AGO: Final = 20
STOPPED_AGO: Final = 5


@dataclass(frozen=True)
class HistoryPlan:
    """The plan of a history.

    Attributes:
        end: seconds; the history ends there, and the service goes on.
        zone: of the operator.
        days: length.
        visitors: unknown visitors of a usual day.
        customers: known customers.
        seed: of all randomness.
    """

    end: float
    zone: tzinfo
    days: int = DAYS
    visitors: int = VISITORS
    customers: int = CUSTOMERS
    seed: int = 0

    @property
    def start(self) -> float:
        """Second at which the history begins."""
        return self.end - self.days * DAY

    def at(self, ago: int, hour: int, minute: int = 0) -> float:
        """Return a moment of a day of the operator's calendar, so many days before the last one.

        A history that is shorter has it on its second day.
        """
        ago = min(ago, self.days - 2)
        day = datetime.fromtimestamp(self.end, self.zone).date() - timedelta(days=ago)
        return datetime.combine(day, time(hour, minute), self.zone).timestamp()

    @cached_property
    def outage(self) -> Outage:
        """The outage of an evening: its quarantine waits for somebody to release it."""
        return Outage("alipay", self.at(OUTAGE_AGO, 18, 4), self.at(OUTAGE_AGO, 22, 10), 0.11)

    @cached_property
    def rushes(self) -> tuple[tuple[float, float], ...]:
        """Spans in which many come, as pairs of seconds: a fall shows within the hour."""
        return tuple((one.start - MORNING, one.end + NIGHT) for one in self.outages)

    @cached_property
    def outages(self) -> tuple[Outage, ...]:
        """All outages, the first one first; a short history has only that of the evening."""
        if self.days <= SMALL_OUTAGE_AGO:
            return (self.outage,)
        start = self.at(SMALL_OUTAGE_AGO, 18, 40)
        return (Outage("wechat", start, start + 1.5 * HOUR, 0.1), self.outage)


@dataclass(frozen=True)
class HistoryResult:
    """The result of a history: counts of what was sent.

    Attributes:
        visitors: visits.
        decisions: decisions that pages asked for.
        events: events.
    """

    visitors: int
    decisions: int
    events: int


def visitors_for(decisions: int, days: int, customers: int) -> int:
    """Return the unknown visitors of a day with whom a history has so many decisions."""
    known = customers * VISITS_OF_CUSTOMER * DECISIONS_OF_CUSTOMER
    return max(1, round((decisions / days - known) / DECISIONS_OF_VISITOR))
