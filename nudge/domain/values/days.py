"""Days: a date as text or digits, or a moment, as the number of the day."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.values.instants import parse_instant
from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError

EPOCH: Final = date(1970, 1, 1).toordinal()
_DATE: Final = re.compile(r"((?:19|20)\d\d)([-/.]?)(\d\d)\2(\d\d)(?![\d])")
_CURE: Final = "write 2026-11-27 or 20261127"


def parse_day(value: object, calendar: OperatorCalendar) -> int:
    """Parse a day; return the number of days since 1970-01-01.

    Args:
        value: a date as text or digits, such as 2026-11-27 or 20261127, also with a time behind
            it, whose clock is the date's own; or a moment in seconds.
        calendar: in whose days a moment lies.

    Raises:
        ValueRefusedError: anything else.
    """
    text = trim(str(value)) if isinstance(value, str | int | float) else ""
    found = _DATE.match(text.removesuffix(".0"))
    if found:
        year, _, month, day = found.groups()
        try:
            return date(int(year), int(month), int(day)).toordinal() - EPOCH
        except ValueError:
            raise ValueRefusedError(f"is not a date; {_CURE}") from None
    try:
        return calendar.day_of(parse_instant(value))
    except ValueRefusedError:
        raise ValueRefusedError(f"is not a date; {_CURE}") from None
