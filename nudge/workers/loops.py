"""Loops of a worker, each in a thread, until the process is told to stop or one loop ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from types import FrameType
from typing import Protocol

import structlog

log = structlog.get_logger()


class Loop(Protocol):
    """A loop that runs in a thread."""

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        ...


def supervise(loops: dict[str, Loop], stop: Event) -> int:
    """Run the loops in threads until `stop` is set, or one of them ends by itself.

    Returns:
        0 after `stop`, 1 otherwise: whoever started the process starts it again.
    """
    failed = Event()
    threads = [
        Thread(target=partial(_run, name, loop, stop, failed), name=name)
        for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(failed.is_set())


def _run(name: str, loop: Loop, stop: Event, failed: Event) -> None:
    try:
        loop.run(stop)
    except Exception:
        log.exception("loop_failed", loop=name)
        failed.set()
    finally:
        stop.set()


@contextmanager
def stop_signals(stop: Event) -> Iterator[None]:
    """Set `stop` on SIGTERM and SIGINT while this lasts."""

    def end(number: int, _frame: FrameType | None) -> None:
        log.info("stopping", signal=signal.Signals(number).name)
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
