"""The question that the overview asks the lake: the last hours' visits, and 30 days' payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.domain.basics.calendar import ZONE, OperatorCalendar

DAYS: Final = 30
"""Days of the lift, the present one among them."""


@dataclass(frozen=True)
class OverviewQuestion:
    """The question about now: it names no moment, so that its newest answer is found at once.

    Attributes:
        zone: IANA name of the zone of the labels.
    """

    zone: str = ZONE

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        return {"zone": self.zone}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> OverviewQuestion:
        """Read a question from its `plain` form."""
        return cls(str(plain["zone"]))

    def start(self, until: float) -> float:
        """Return the first moment of the days of the lift, in seconds.

        Args:
            until: seconds, until which everything is known.
        """
        calendar = self.calendar
        return calendar.start_of_day(calendar.day_of(until) - DAYS + 1)
