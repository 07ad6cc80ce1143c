"""Cells of a file as attributes of a visitor: text gets the type that it shows."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from nudge.domain.values.plain_text import trim
from nudge.domain.values.quantities import MAX_EXACT, is_finite
from nudge.domain.values.refusal import ValueRefusedError

Cell = str | bool | int | float | None
MAX_CELL: Final = 200
"""Characters of an attribute's text."""
_NUMERIC: Final = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?\Z", re.ASCII)
"""Numbers as text; 0571 does not match, since it may be an area code."""
_FLAGS: Final = {"true": True, "false": False, "yes": True, "no": False}
_WHOLE_BITS: Final = 63
_CURE: Final = f"give text of at most {MAX_CELL} characters, a number, true or false"


def parse_cell(value: object) -> Cell:
    """Parse a cell as an attribute; None for an empty cell.

    Args:
        value: text, or a value of a typed file. A time becomes seconds, a date text; whole
            decimal numbers become whole numbers, since columns with gaps hold no others.

    Raises:
        ValueRefusedError: a list, a table, bytes, a number that is not finite, or a long text.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _typed_text(trim(value))
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _plain_number(value)
    raise ValueRefusedError(f"is of the wrong type; {_CURE}")


def _typed_text(text: str) -> Cell:
    if not text:
        return None
    if text.lower() in _FLAGS:
        return _FLAGS[text.lower()]
    if _NUMERIC.match(text):
        return _plain_number(float(text)) if "." in text else int(text)
    if len(text) <= MAX_CELL and text.isprintable():
        return text
    wrong = "is too long" if len(text) > MAX_CELL else "has characters that cannot be printed"
    raise ValueRefusedError(f"{wrong}; {_CURE}")


def _plain_number(value: float | Decimal) -> int | float:
    if isinstance(value, int):
        if value.bit_length() > _WHOLE_BITS:
            raise ValueRefusedError("is too large; use whole numbers of 64 bits")
        return value
    if not is_finite(value) or not math.isfinite(number := float(value)):
        raise ValueRefusedError(f"is not finite; {_CURE}")
    return int(number) if number.is_integer() and abs(number) < MAX_EXACT else number
