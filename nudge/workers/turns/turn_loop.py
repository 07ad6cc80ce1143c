"""The loop of a small task that several workers may do, each in its turn, without a lease."""

from __future__ import annotations

from abc import ABC, abstractmethod
from threading import Event
from typing import ClassVar

import structlog

from nudge.errors import NudgeError
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()


class TurnLoop(ABC):
    """The loop that does a task again and again; several may run. Use each from one thread.

    Attributes:
        look: seconds between two turns.
        failure: name of the log's line for a turn that failed.
    """

    look: ClassVar[float]
    failure: ClassVar[str]

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
                log.warning(self.failure, code=error.code, error=str(error))
                stop.wait(trouble.next())
            stop.wait(self.look)

    @abstractmethod
    def turn(self) -> object:
        """Do the task once.

        Raises:
            StoreAwayError: the store does not answer.
        """
