"""Durations as people write them: "90s", "30m", "1d", "never", or a plain number of seconds."""

from __future__ import annotations

import math
from decimal import Decimal

from bandits.duration import NEVER, UNITS, parse_seconds

RIGHT = 'write seconds, or text such as "90s", "30m", "12h", "7d", "2w" or "never"'
"""The form of a duration, as messages describe it."""

_WRITTEN = ("d", "h", "m")


def parse_duration(value: object) -> float:
    """Return a duration in seconds; infinite for "never".

    Args:
        value: a number of seconds, or text: a number and one of s, m, h, d, w.

    Raises:
        ValueError: for anything else, for a negative number and for one that is not finite.
    """
    seconds = parse_seconds(value)
    if seconds is None or not (seconds >= 0 and (math.isfinite(seconds) or value == NEVER)):
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
        count = seconds / UNITS[unit]
        if count >= 1 and count.is_integer() and count * UNITS[unit] == seconds:
            return f"{count:.0f}{unit}"
    # Decimal, because float's own repr turns to an exponent where numbers are large or small.
    return f"{Decimal(repr(float(seconds))).normalize():f}s"
