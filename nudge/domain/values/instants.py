"""Points in time: seconds since the epoch, or a date and time with its zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from nudge.domain.values.plain_text import trim
from nudge.domain.values.quantities import NUMERAL, parse_quantity
from nudge.domain.values.refusal import ValueRefusedError

EARLIEST: Final = 946_684_800.0
"""Start of the year 2000. What lies before is a date that stands for none, such as 1970-01-01."""
LATEST: Final = 4_102_444_800.0
"""Start of the year 2100. What lies behind is a date that stands for never: 9999-12-31."""
AVAILABLE: Final = (0.0, 253_402_300_800.0)
"""Bounds of a variant's availability: an offer may begin before 2000 and end in the year 9999."""
RIGHT: Final = "give seconds since the epoch, or a date and time with its zone"
SAMPLE: Final = "write 2026-09-21T00:00:00+08:00"

_UNITS: Final = (("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9))
_SHEET: Final = (20_000.0, 80_000.0)
"""Day numbers of a spreadsheet: 1954 to 2119."""
_DIGITS: Final = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([0-5]\d){0,3}\Z")
"""A date, and perhaps a time, as digits alone: 20261127 or 20261127073000."""


def parse_instant(value: object, *, earliest: float = EARLIEST, latest: float = LATEST) -> float:
    """Parse a point in time; return seconds since the epoch.

    Args:
        value: seconds as a number or as text, text with its zone, or a datetime; a datetime
            without a zone is UTC, as in files of columns.
        earliest: seconds since the epoch; what lies before is refused.
        latest: seconds since the epoch, the first that is refused again.

    Raises:
        ValueRefusedError: anything else, and times outside of the bounds.
    """
    if isinstance(value, datetime):
        seconds = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    elif isinstance(value, str) and not NUMERAL.match(trim(value)):
        seconds = _seconds_of_text(trim(value))
    elif isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
        seconds = _seconds_of_number(value)
    else:
        wrong = "is a date without a time" if isinstance(value, date) else "is of the wrong type"
        raise ValueRefusedError(f"{wrong}; {RIGHT}")
    if earliest <= seconds < latest:
        return seconds
    raise ValueRefusedError(_outside(before=seconds < earliest))


def parse_past(value: object, now: float) -> float:
    """Parse a point in time that is not after now; return seconds since the epoch.

    Args:
        value: as of `parse_instant`.
        now: seconds since the epoch.

    Raises:
        ValueRefusedError: as `parse_instant`, and for a time after now.
    """
    seconds = parse_instant(value)
    if seconds > now:
        raise ValueRefusedError("lies in the future; give the time at which it happened")
    return seconds


def _seconds_of_text(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueRefusedError(f"is not a time; {SAMPLE}") from None
    if found.tzinfo is None:
        raise ValueRefusedError(f"has no time zone; {SAMPLE}")
    try:
        return found.astimezone(UTC).timestamp()
    except OverflowError:  # the first or last hours of datetime's own range
        raise ValueRefusedError(_outside(before=found.year < date.max.year)) from None


def _seconds_of_number(value: str | float | Decimal) -> float:
    seconds = parse_quantity(value)
    if _SHEET[0] <= seconds <= _SHEET[1]:
        cure = "format the column as a date and time with its zone"
        raise ValueRefusedError(f"looks like the day number of a spreadsheet; {cure}")
    if seconds.is_integer() and _DIGITS.match(f"{seconds:.0f}"):
        raise ValueRefusedError(f"looks like a date written as digits; {SAMPLE}")
    for unit, factor in _UNITS:
        if EARLIEST <= seconds / factor < LATEST:
            raise ValueRefusedError(f"looks like {unit}; divide by {factor:,.0f}: give seconds")
    return seconds


def _outside(*, before: bool) -> str:
    place = "too far back" if before else "too far ahead"
    return f"lies {place} (2000 to 2099); {RIGHT}, and leave a time out that is not known"
