"""Rates of limits, as an operator writes them: `200/s burst 2000`."""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

_WRITTEN: Final = re.compile(
    r"\s*(?P<number>\d{1,9}(\.\d{1,6})?)\s*/\s*(?P<unit>s|min|h|d)"
    r"(\s*,?\s*burst\s+(?P<burst>\d{1,9}(\.\d{1,6})?))?\s*",
    re.IGNORECASE | re.ASCII,
)
_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_OFF: Final = frozenset({"0", "none"})
DEFAULT_BURST: Final = 10.0
"""Seconds whose worth may come at once where no burst is written."""


class Rate(NamedTuple):
    """A limit: so many units a second in the long run, so many at once after a pause.

    Attributes:
        per_second: units a second, above 0; infinite for no limit.
        burst: units that a full bucket holds, at least 1; infinite for no limit.
    """

    per_second: float
    burst: float

    @property
    def is_off(self) -> bool:
        """True where nothing is limited."""
        return math.isinf(self.per_second)

    def __str__(self) -> str:
        """The rate as it is written in the settings."""
        return "none" if self.is_off else f"{self.per_second:g}/s burst {self.burst:.12g}"


NO_LIMIT: Final = Rate(math.inf, math.inf)


def parse_rate(written: str) -> Rate | None:
    """Return the rate that a text means: `200/s`, `6000/min burst 500`, `none`; None if it is none.

    Without a burst, 10 seconds' worth may come at once.
    """
    if written.strip().lower() in _OFF:
        return NO_LIMIT
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return None
    rate = float(found["number"]) / _SECONDS[found["unit"].lower()]
    burst = float(found["burst"]) if found["burst"] else max(1.0, rate * DEFAULT_BURST)
    return Rate(rate, burst) if rate > 0 and burst >= 1 else None
