"""A lock that dies with its holder: `flock` on a file; a child may inherit it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from nudge.clock import monotonic, sleep
from nudge.errors import NudgeError

_POLL = 0.02


class HeldError(NudgeError):
    """Another process holds the lock."""

    code = "held"


@contextlib.contextmanager
def hold_lock(path: Path, wait: float = 0.0) -> Iterator[int]:
    """Hold the lock on `path`, which is created where missing and stays.

    Args:
        path: the lock's file.
        wait: seconds to wait for another holder.

    Yields:
        The open descriptor: a child that inherits it holds the lock until it ends, too.

    Raises:
        HeldError: another process still holds it.
    """
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        _take(handle, monotonic() + wait)
        yield handle
    finally:
        os.close(handle)


def _take(handle: int, until: float) -> None:
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if monotonic() >= until:
                raise HeldError("another process holds the lock") from error
            sleep(_POLL)
