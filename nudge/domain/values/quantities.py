"""Quantities: finite numbers, as numbers or as text."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from typing import Final

from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError

NUMERAL: Final = re.compile(r"[+-]?(\d{1,25}(\.\d{0,25})?|\.\d{1,25})([eE][+-]?\d{1,3})?\Z")
"""Pattern of a number as text; Python's own takes `1_000`, `nan` and `inf` too."""
MAX_EXACT: Final = 2**53
"""From here on a float no longer holds each whole number."""
_CURE: Final = "give a number such as 50 or 50.5, without separators of thousands"


def parse_quantity(value: object) -> float:
    """Parse a finite number.

    Args:
        value: a number, or text of one. A flag is not a number.

    Raises:
        ValueRefusedError: anything else, and numbers that are not finite.
    """
    number = _number(value)
    if number is None:
        raise ValueRefusedError(f"is not a number; {_CURE}")
    if not math.isfinite(number):
        raise ValueRefusedError(f"is not finite; {_CURE}")
    return number


def is_finite(value: float | Decimal) -> bool:
    """Return True for a finite number; Python's own test fails on a signalling NaN."""
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value
    if isinstance(value, int | Decimal):
        try:
            return float(value)
        except (OverflowError, ValueError):  # a number of 400 digits; a signalling NaN
            return math.inf
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", trim(value))
        return float(text) if NUMERAL.match(text) else None
    return None
