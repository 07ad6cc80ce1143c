"""The loop that lets time pass in silent partitions, so that their windows close."""

from __future__ import annotations

from threading import Event
from typing import Final

import structlog

from nudge.errors import NudgeError
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()

LOOK: Final = 10.0
"""Seconds between two looks: a silent partition is asked so often."""


class HeartbeatLoop:
    """The loop that appends heartbeats; several may run. Use each from one thread."""

    def __init__(self, store: Store, store_check: StoreCheck) -> None:
        self._store, self._store_check = store, store_check

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        trouble = Backoff(0.5, 30.0)
        while not stop.is_set():
            try:
                if self._store_check.admits():
                    self.turn()
                trouble.reset()
            except NudgeError as error:
                log.warning("no_heartbeat", code=error.code, error=str(error))
                stop.wait(trouble.next())
            stop.wait(LOOK)

    def turn(self) -> int:
        """Look at every partition once; return how many heartbeats that appended.

        Raises:
            StoreAwayError: the store does not answer.
        """
        every = self._store.keys.every_partition()
        return sum(self._store.heartbeats.beat(partition) > 0 for partition in every)
