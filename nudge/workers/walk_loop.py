"""The loop that walks the service's own path every few minutes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Final

import structlog

from bandits.units import MINUTE
from nudge.errors import NudgeError

log = structlog.get_logger()

EVERY: Final = 4.0 * MINUTE
"""Seconds between two walks."""


class WalkLoop:
    """The loop of walks. One thread runs it, another one may read `failed`.

    Attributes:
        failed: step at which the last walk failed, where the one before it failed as well; else
            empty: one walk may meet a restart.
    """

    def __init__(self, walk: Callable[[], str]) -> None:
        self.failed = ""
        self._walk, self._before = walk, ""

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        while not stop.wait(EVERY):
            self.turn()

    def turn(self) -> None:
        """Walk once."""
        try:
            step = self._walk()
        except NudgeError as error:
            # Nobody can walk: this says nothing about the service.
            log.warning("not_walked", code=error.code, error=str(error))
            step = ""
        if step:
            log.warning("walk_failed", step=step)
        self.failed = step if self._before else ""
        self._before = step

    def read_failed(self) -> str:
        """Return the step that fails now; empty where none does."""
        return self.failed
