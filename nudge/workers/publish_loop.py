"""The loop of the publisher, beside the fold `learn`."""

from __future__ import annotations

from threading import Event

import structlog

from nudge import clock
from nudge.config.slot_change import Edit
from nudge.domain.credit.page_word import FREEZE, WHO, sentence
from nudge.errors import ChangedMeanwhileError, NudgeError, StoreError
from nudge.flows.folds.publish import Publisher
from nudge.flows.upkeep import apply as applying
from nudge.flows.upkeep.quarantine import tell_journal
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()


class PublishLoop:
    """The loop that publishes snapshots of changed slots. Use it from one thread."""

    def __init__(
        self, store: Store, publisher: Publisher, look: float, store_check: StoreCheck
    ) -> None:
        self._store, self._publisher = store, publisher
        self._look, self._store_check = look, store_check
        self._told = ""

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then give the leases back."""
        trouble = Backoff(0.5, 30.0)
        while not stop.is_set():
            try:
                if self._store_check.admits():
                    self.turn(clock.monotonic())
                else:
                    self._publisher.forget()
                trouble.reset()
            except NudgeError as error:
                log.warning("publisher_stopped", code=error.code, error=str(error))
                self._publisher.forget()
                stop.wait(trouble.next())
            stop.wait(self._look)
        self._release()

    def turn(self, now: float) -> None:
        """Publish what changed, and freeze the slots in which pages' words and facts part.

        Marks of quarantines that a process did not live to append are appended.

        Args:
            now: seconds on a clock that never jumps.

        Raises:
            StoreAwayError: the store does not answer.
        """
        self._publisher.run(now)
        self._tell_quarantines()
        for slot, found in self._publisher.parted:
            edit = Edit(WHO, sentence(found), clock.now())
            try:
                change = applying.patch(self._store, slot.name, FREEZE, slot.revision, edit)
            except ChangedMeanwhileError:
                continue  # looked at again at its new revision
            if change.changes:
                log.error("slot_frozen", slot=slot.name, revision=change.slot.revision, why=WHO)

    def _tell_quarantines(self) -> None:
        version = self._store.snapshots.versions()[0]
        if version != self._told and not tell_journal(self._store):
            self._told = version

    def _release(self) -> None:
        try:
            self._publisher.release()
        except StoreError as error:
            # They run out by themselves.
            log.warning("leases_not_released", fold="publisher", error=str(error))
