"""Durations as people write them: "90s", "30m", "1d", "never", or a plain number of seconds."""

import math
import re
from collections.abc import Mapping
from typing import Final

from bandits.units import DAY, HOUR, MINUTE

NEVER: Final = "never"
"""The word for a duration without end."""
UNITS: Final[Mapping[str, float]] = {
    "w": 7.0 * DAY, "d": 1.0 * DAY, "h": 1.0 * HOUR, "m": 1.0 * MINUTE, "s": 1.0,
}  # fmt: skip
_PATTERN: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhdw])\s*")


def parse_seconds(value: object) -> float | None:
    """Return a duration in seconds, infinite for "never"; None for what is not a duration.

    A plain number is returned as it is, whatever its sign: each caller has its own bounds.

    Args:
        value: a number of seconds, or text: a number and one of s, m, h, d, w.
    """
    if isinstance(value, str):
        match = _PATTERN.fullmatch(value)
        if match is None:
            return math.inf if value == NEVER else None
        return float(match[1]) * UNITS[match[2]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return None
    return None
