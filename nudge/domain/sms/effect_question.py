"""The question what sends brought, by hour and by day of the month or days before a recharge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.domain.reports.questions import EVER, Period
from nudge.domain.timing.plan_request import REMINDER, SMS

MONTH_DAY: Final = "month_day"
"""Day of the month on which a send went out, 1 to 31."""
DAYS_BEFORE: Final = "days_before"
"""Days from the send to the expected recharge: 0 is the expected day, below 0 it is over."""
DIMENSIONS: Final = (MONTH_DAY, DAYS_BEFORE)
EARLIEST: Final = 21
"""Most days before the expected recharge that are told."""
LATEST: Final = -7
"""Days behind it that are told."""


@dataclass(frozen=True)
class EffectQuestion:
    """The question about the effect of sends.

    Attributes:
        by: dimension beside the hour, one of `DIMENSIONS`.
        purpose: of the contacts.
        channel: of the contacts.
        period: of the sends.
        zone: IANA name of the zone of days, hours and labels.
    """

    by: str = MONTH_DAY
    purpose: str = REMINDER
    channel: str = SMS
    period: Period = EVER
    zone: str = ZONE

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of days, hours and labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        return {
            "by": self.by,
            "purpose": self.purpose,
            "channel": self.channel,
            "from": self.period.start,
            "to": self.period.end,
            "zone": self.zone,
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> EffectQuestion:
        """Read a question from its `plain` form."""
        period = Period(plain["from"], plain["to"])
        by, purpose, channel, zone = (
            str(plain[name]) for name in ("by", "purpose", "channel", "zone")
        )
        return cls(by, purpose, channel, period, zone)
