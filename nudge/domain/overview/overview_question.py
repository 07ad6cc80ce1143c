"""The question that the overview asks the lake: the last hours' visits, and a month's payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.domain.basics.local_time import date_of


@dataclass(frozen=True)
class OverviewQuestion:
    """The question about a month up to now.

    Attributes:
        start: the month's first moment, in seconds.
        zone: IANA name of the zone of the labels.
    """

    start: float
    zone: str = ZONE

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        return {"from": self.start, "zone": self.zone}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> OverviewQuestion:
        """Read a question from its `plain` form."""
        return cls(float(plain["from"]), str(plain["zone"]))

    @classmethod
    def of_month(cls, at: float, calendar: OperatorCalendar) -> OverviewQuestion:
        """Return the question about the month in which a moment lies."""
        day = calendar.day_of(at)
        first = day - date_of(day).day + 1
        return cls(calendar.start_of_day(first), calendar.zone.key)
