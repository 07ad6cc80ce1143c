"""Years whose days off are known: some countries announce them anew each autumn. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from nudge.domain.basics.local_time import date_of, local
from nudge.domain.contact.contact_policy import Holidays

ANNOUNCED: Final = frozenset({"CN"})
"""Countries whose days off follow from no rule: the package holidays knows them afterwards."""
AUTUMN: Final = 10
"""Month from which on the next year's days off are wanted: they are announced by November."""


@dataclass(frozen=True)
class HolidayYears:
    """The years of a contact policy's days off.

    Attributes:
        holidays: of the policy.
        zone: of the policy.
        source: name of the file that lists the days, for messages.
    """

    holidays: Holidays
    zone: ZoneInfo
    source: str

    def find_missing(self, at: float) -> tuple[int, ...]:
        """Return the years that lack their days off: this one, and from October on the next.

        `at` is now, in seconds. Where days follow from a rule, and none was ever listed, no year
        lacks any.
        """
        today = date_of(local(self.zone, at)[0])
        listed = {day.year for day in (*self.holidays.forbidden, *self.holidays.allowed)}
        if not listed and self.holidays.country not in ANNOUNCED:
            return ()
        wanted = (today.year, today.year + 1) if today.month >= AUTUMN else (today.year,)
        return tuple(year for year in wanted if year not in listed)

    def describe_missing(self, at: float) -> str:
        """Return a sentence about the years that lack their days off, with the cure; else ""."""
        years = " and ".join(map(str, self.find_missing(at)))
        if not years:
            return ""
        cure = f"add the announced days off and working days of {years}"
        return f"{self.source} has no day of {years}: SMS would go out on holidays; {cure}"
