"""Watch over the days off: it says daily that the next year's are missing, until they are there."""

from __future__ import annotations

import structlog
from prometheus_client import Gauge

from bandits.units import DAY
from nudge.domain.contact.holiday_years import HolidayYears

log = structlog.get_logger()


class HolidayWatch:
    """A watch over the years whose days off are known, of one process.

    Attributes:
        warning: what is missing, and the cure; empty without a problem.
    """

    def __init__(self, years: HolidayYears, gauge: Gauge) -> None:
        self.warning = ""
        self._years, self._gauge = years, gauge
        self._day = -1

    def know(self, years: HolidayYears) -> None:
        """Take another list of days off; the next look judges by it."""
        self._years, self._day = years, -1

    def look(self, at: float) -> str:
        """Return the warning of a moment in seconds; log it and set the gauge once a day."""
        day = int(at // DAY)
        if day != self._day:
            self._day = day
            self.warning = self._years.describe_missing(at)
            missing = self._years.find_missing(at)
            self._gauge.set(len(missing))
            if missing:
                log.warning("holidays_missing", years=list(missing), cure=self.warning)
        return self.warning
