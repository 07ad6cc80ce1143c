"""The loop of the publisher, beside the fold `learn`."""

from __future__ import annotations

from threading import Event

import structlog

from nudge import clock
from nudge.errors import NudgeError, StoreError
from nudge.flows.folds.publish import Publisher
from nudge.workers.backoff import Backoff
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()


class PublishLoop:
    """The loop that publishes snapshots of changed slots. Use it from one thread."""

    def __init__(self, publisher: Publisher, look: float, store_check: StoreCheck) -> None:
        self._publisher, self._look, self._store_check = publisher, look, store_check

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then give the leases back."""
        trouble = Backoff(0.5, 30.0)
        while not stop.is_set():
            try:
                if self._store_check.admits():
                    self._publisher.run(clock.monotonic())
                else:
                    self._publisher.forget()
                trouble.reset()
            except NudgeError as error:
                log.warning("publisher_stopped", code=error.code, error=str(error))
                self._publisher.forget()
                stop.wait(trouble.next())
            stop.wait(self._look)
        self._release()

    def _release(self) -> None:
        try:
            self._publisher.release()
        except StoreError as error:
            # They run out by themselves.
            log.warning("leases_not_released", fold="publisher", error=str(error))
