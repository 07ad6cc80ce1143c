"""What every endpoint works with: one bundle an app, and the catalogue that it follows."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import structlog
from flask import current_app

from nudge.api import keeper
from nudge.api.metrics import Metrics
from nudge.clock import monotonic, sleep
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.domain.slots.slot import SlotMode
from nudge.errors import NudgeError, StoreAwayError
from nudge.flows.plan import Planner
from nudge.flows.serving.decide import Decider
from nudge.flows.serving.questions import QuestionQueue
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep.erase import Eraser
from nudge.settings.settings import Settings
from nudge.spool.spool import Spool
from nudge.store.keeping.identity import WrongStore
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store

EXTENSION: Final = "nudge"
FIRST: Final = 5.0
"""Seconds that a starting process waits for its first catalogue."""

log = structlog.get_logger()


class CatalogueHolder:
    """The current catalogue: replaced as one value, read without a lock.

    Attributes:
        catalogue: the last one that was read; empty before the first.
        read_at: when it was last known to be current, on the clock that never jumps; None before.
        wrong: what is wrong with the store, as it was last seen.
    """

    def __init__(self) -> None:
        self.catalogue = Catalogue.empty()
        self.read_at: float | None = None
        self.wrong: WrongStore | None = None
        self._lock = threading.Lock()
        self._known = threading.Event()
        self._failing = False

    @property
    def age(self) -> float | None:
        """Seconds since the catalogue was known to be current; None before the first."""
        return None if self.read_at is None else monotonic() - self.read_at

    def follow(self, store: Store) -> None:
        """Replace the catalogue by what the store has now.

        Raises:
            NudgeError: it can not be read; the old one stays.
        """
        with self._lock:
            self.catalogue = store.catalogue.refresh(self.catalogue)
            self.read_at = monotonic()
            self._known.set()
            if self._failing:
                log.info("catalogue_again")
            self._failing = False

    def await_first(self, seconds: float) -> None:
        """Wait until a catalogue was read, but not for longer than this."""
        self._known.wait(seconds)

    def failed(self, error: Exception) -> None:
        """Say that the old one stays: once for each outage, not twice a second."""
        if not self._failing:
            log.warning("catalogue_stays", age=self.age, error=str(error))
        self._failing = True


@dataclass(frozen=True)
class Service:
    """Everything that an endpoint needs.

    Attributes:
        settings: of this process.
        store: of the page path.
        patient: for threads that nobody waits for.
        sealer: hashes, ids and tokens.
        decider: answers pages.
        recorder: takes events.
        questions: long questions to the workers.
        eraser: forgets people.
        make_planner: makes `planner`.
        spool: takes what the store does not.
        metrics: what this process counts.
        local: digest -> holder of the keys that stand in the settings.
        held: the current catalogue.
    """

    settings: Settings
    store: Store
    patient: Store
    sealer: Sealer
    decider: Decider
    recorder: Recorder
    questions: QuestionQueue
    eraser: Eraser
    make_planner: Callable[[], Planner]
    spool: Spool
    metrics: Metrics
    local: Mapping[str, Caller]
    held: CatalogueHolder = field(default_factory=CatalogueHolder)

    @cached_property
    def planner(self) -> Planner:
        """Answers schedulers; made with the first question, since holidays take time to load.

        Raises:
            InvalidConfigError: the contact policy is wrong; `nudge check` says so before.
        """
        return self.make_planner()

    def catalogue(self) -> Catalogue:
        """The catalogue to answer this request by; the first call reads it.

        Raises:
            StoreAwayError: nothing has been read yet, and the store does not answer.
        """
        if self.held.read_at is None:
            self.refresh()
        return self.held.catalogue

    def catalogue_with(self, names: Iterable[str]) -> Catalogue:
        """The catalogue to answer by, read again if it lacks one of these slots.

        Another process may have applied the slot a moment ago: whoever was told so there must not
        be told otherwise here, until the next regular look.

        Raises:
            StoreAwayError: nothing has been read yet, and the store does not answer.
        """
        held = self.catalogue()
        return held if all(name in held.slots for name in names) else self.latest()

    def latest(self) -> Catalogue:
        """The catalogue as the store has it now; the one in memory if that can not be read.

        For whoever looks at a slot to change it: the last change may have gone through another
        process, and this one's regular look may be a second old.

        Raises:
            StoreAwayError: nothing has been read yet, and the store does not answer.
        """
        self.catalogue()
        if self.held.wrong is None:
            with contextlib.suppress(StoreAwayError):
                self.refresh()
        return self.held.catalogue

    def refresh(self, store: Store | None = None) -> None:
        """Read what changed, now.

        Args:
            store: to read with; None is the page path's own.

        Raises:
            StoreAwayError: the store does not answer; the old catalogue stays.
        """
        self.held.follow(store or self.store)
        for name, served in self.held.catalogue.slots.items():
            self.metrics.frozen.labels(name).set(float(served.slot.mode == SlotMode.FROZEN))

    def look(self) -> None:
        """See whether the store is the right one, then read what changed.

        A store that lost what it had would take slots and keys away: what is in memory stays.

        Raises:
            NudgeError: it can not be told, or not be read.
        """
        self.recognise()
        if self.held.wrong is None or not self.held.catalogue.slots:
            self.refresh(self.patient)

    def recognise(self) -> None:
        """See whether the store is the right one.

        Raises:
            InvalidConfigError: the note of it can not be read.
            StoreAwayError: no answer.
        """
        found = self.patient.identity.recognise(self.settings.store_note)
        if found and not self.held.wrong:
            log.error("wrong_store", reason=found.reason, error=str(found))
        self.held.wrong = found

    def start(self) -> threading.Thread:
        """Follow the store and empty the spool from now on: once a process, after the fork.

        Returns when slots and policies are in memory, or when that takes too long: the first
        pages would have to read them in the time that a page may wait, or be refused.
        """
        self.store.client.before_return = self.recognise
        keeper.start(self.spool, self.store.client, self.patient, self.metrics.spool)
        thread = threading.Thread(target=self._follow, name="catalogue", daemon=True)
        thread.start()
        self.held.await_first(FIRST)
        return thread

    def _follow(self) -> None:
        # A catalogue may be large and the store busy: nobody waits here, so patience costs nothing.
        while True:
            try:
                self.look()
            except NudgeError as error:
                self._count(error)
                self.held.failed(error)
            except Exception as error:
                # Without this thread the process would serve an old catalogue for ever.
                log.exception("catalogue_broken")
                self.held.failed(error)
            sleep(self.settings.refresh_every)

    def _count(self, error: NudgeError) -> None:
        if isinstance(error, StoreAwayError):
            self.metrics.store_errors.labels(error.code).inc()


def current() -> Service:
    """The bundle of the app that answers this request."""
    service: Service = current_app.extensions[EXTENSION]
    return service
