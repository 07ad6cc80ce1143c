"""Time: the one module that reads it and that waits, so that tests can move it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]
"""Returns seconds since the epoch, UTC."""

_wall: Clock = time.time
"""The wall clock of this process: `moved` alone replaces it."""


def now() -> float:
    """Seconds since the epoch, UTC, as this machine believes."""
    return _wall()


def monotonic() -> float:
    """Seconds on a clock that never jumps; only differences mean anything."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Suspend the calling thread."""
    time.sleep(seconds)


@contextmanager
def moved(wall: Clock) -> Iterator[None]:
    """Another wall clock for the whole process, and for what it runs in the store.

    Only code can move a clock: no setting, variable or option does. The one caller is the history
    of a demonstration, in a process of its own (docs/decisions/0052-demo-history.md); the linter
    refuses the name everywhere else.
    """
    global _wall  # noqa: PLW0603 - one process, one wall clock
    before, _wall = _wall, wall
    try:
        yield
    finally:
        _wall = before


def is_moved() -> bool:
    """Return whether this process lives on another wall clock than the machine's."""
    return _wall is not time.time
