"""Time: the one module that reads it and that waits, so that tests can move it."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds since the epoch, UTC."""


def now() -> float:
    """Seconds since the epoch, UTC, as this machine believes."""
    return time.time()


def monotonic() -> float:
    """Seconds on a clock that never jumps; only differences mean anything."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Suspend the calling thread."""
    time.sleep(seconds)
