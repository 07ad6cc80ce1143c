"""Ids of visitors and events, as other systems write them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from nudge.domain.values.plain_text import REPLACEMENT, trim
from nudge.domain.values.quantities import MAX_EXACT, is_finite
from nudge.domain.values.refusal import ValueRefusedError

MAX_ID: Final = 200
"""Characters of a visitor's id."""
MAX_EVENT_ID: Final = 128
_WHOLE: Final = re.compile(r"-?\d+\.0+\Z", re.ASCII)
"""A whole number that a column with gaps turned into a decimal one: 480001.0."""
_LOST: Final = re.compile(r"-?\d(\.\d+)?[eE]\+\d{1,3}\Z", re.ASCII)
"""A long number that a spreadsheet shortened: 4.8E+12."""


def parse_id(value: object, longest: int = MAX_ID) -> str:
    """Parse an id: text, or a whole number.

    Args:
        value: text is trimmed; 480001, 480001.0 and "480001.0" are one id.
        longest: most characters.

    Raises:
        ValueRefusedError: neither text nor a whole number, empty, too long, with characters that
            cannot be printed, or a number that lost its digits.
    """
    text = _whole_text(value) if not isinstance(value, str) else trim(value)
    if _WHOLE.match(text):
        text = text.partition(".")[0]
    elif _LOST.match(text):
        cure = "format the column as text in the spreadsheet and export it again"
        raise ValueRefusedError(f"is a number that lost its last digits; {cure}")
    if not 1 <= len(text) <= longest:
        wrong = "is empty" if not text else "is too long"
        raise ValueRefusedError(f"{wrong}; give an id of 1 to {longest} characters")
    if REPLACEMENT in text:
        # Half a character, here or before: two ids that differ would become one.
        raise ValueRefusedError("has a broken character; send the id in UTF-8")
    if not text.isprintable():
        raise ValueRefusedError("has characters that cannot be printed; leave them out")
    return text


def _whole_text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**MAX_ID else "9" * (MAX_ID + 1)
    if isinstance(value, float | Decimal) and is_finite(value):
        if abs(value) >= 10**MAX_ID or value != int(value):
            raise ValueRefusedError("is not a whole number; give the id as text")
        if isinstance(value, float) and abs(value) >= MAX_EXACT:
            raise ValueRefusedError("is too large to be exact as a number; give the id as text")
        return str(int(value))
    raise ValueRefusedError("is of the wrong type; give the id as text or as a whole number")
