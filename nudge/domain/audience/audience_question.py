"""The question how many of a slot's visitors would be eligible for a variant. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.errors import InvalidRequestError

DAYS: Final = 7
"""Days that count where none are asked for."""
MOST_DAYS: Final = 90


@dataclass(frozen=True)
class AudienceQuestion:
    """The question how many visitors a variant would have.

    Attributes:
        slot: that saw the visitors.
        available: table `available` of the variant, as slots write it.
        days: in which the slot saw them.
        zone: IANA name of the zone of labels.
    """

    slot: str
    available: Mapping[str, Any]
    days: int = DAYS
    zone: str = ZONE

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        available = dict(self.available)
        return {"slot": self.slot, "available": available, "days": self.days, "zone": self.zone}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> AudienceQuestion:
        """Read a question from its `plain` form."""
        zone = str(plain.get("zone", ZONE))
        return cls(str(plain["slot"]), dict(plain["available"]), int(plain["days"]), zone)


def days_of(text: str | None) -> int:
    """Read the number of days of a question; 7 without a text.

    Raises:
        InvalidRequestError: it is not a whole number in the range.
    """
    if text is None:
        return DAYS
    if text.isascii() and text.isdigit() and 1 <= len(text) <= len(str(MOST_DAYS)):
        days = int(text)
        if 1 <= days <= MOST_DAYS:
            return days
    cure = f"give a whole number from 1 to {MOST_DAYS}"
    raise InvalidRequestError(f"days: does not fit; {cure}", {"days": [f"does not fit; {cure}"]})
