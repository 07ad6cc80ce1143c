"""Durations as people write them: "90s", "30m", "1d", "never", or a plain number of seconds."""

from __future__ import annotations

import math
import re
from decimal import Decimal

NEVER = "never"
"""The text of an infinite duration."""

RIGHT = 'write seconds, or text such as "90s", "30m", "12h", "7d", "2w" or "never"'
"""The form of a duration, as messages describe it."""

_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_PATTERN = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhdw])\s*")
_WRITTEN = ("d", "h", "m")


def parse_duration(value: object) -> float:
    """Return a duration in seconds; infinite for "never".

    Args:
        value: a number of seconds, or text: a number and one of s, m, h, d, w.

    Raises:
        ValueError: for anything else, for a negative number and for one that is not finite.
    """
    if value == NEVER:
        return math.inf
    seconds = _seconds(value)
    if seconds is None or not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{value!r} is not a duration; {RIGHT}")
    return seconds


def format_duration(seconds: float) -> str:
    """Return the shortest text from which `parse_duration` reads exactly these seconds again.

    Raises:
        ValueError: for a negative number and for one that is not a number.
    """
    if seconds == math.inf:
        return NEVER
    if not seconds >= 0:
        raise ValueError(f"{seconds!r} is not a duration; {RIGHT}")
    for unit in _WRITTEN:
        count = seconds / _UNITS[unit]
        if count >= 1 and count.is_integer() and count * _UNITS[unit] == seconds:
            return f"{count:.0f}{unit}"
    # Decimal, because float's own repr turns to an exponent where numbers are large or small.
    return f"{Decimal(repr(float(seconds))).normalize():f}s"


def _seconds(value: object) -> float | None:
    if isinstance(value, str):
        match = _PATTERN.fullmatch(value)
        return float(match[1]) * _UNITS[match[2]] if match else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return None
    return None
