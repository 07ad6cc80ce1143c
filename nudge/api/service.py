"""The service behind all endpoints of an app, and the catalogue that it follows."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import structlog
from flask import current_app

from nudge.api import keeper
from nudge.api.configured import FlowHolder
from nudge.api.holiday_watch import HolidayWatch
from nudge.api.limits.known import Gate
from nudge.api.limits.limiter import Limiter
from nudge.api.memory_watch import MemoryWatch
from nudge.api.metrics import Metrics
from nudge.clock import monotonic, now
from nudge.config.documents.configuration import Configuration
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.domain.slots.slot import SlotMode
from nudge.errors import NudgeError, StoreAwayError
from nudge.flows.plan import Planner
from nudge.flows.serving.decide import Decider
from nudge.flows.serving.questions import QuestionQueue
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep.erase import Eraser
from nudge.flows.upkeep.setup.page_key import register_page_key
from nudge.settings.settings import Settings
from nudge.spool.spool import Spool
from nudge.store.keeping.identity import WrongStore
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store

EXTENSION: Final = "nudge"
FIRST: Final = 5.0
"""Seconds that a starting process waits for its first catalogue."""

MEMORY_EVERY: Final = 5.0
"""Seconds between two looks at the store's memory."""

log = structlog.get_logger()


class CatalogueHolder:
    """A holder of the current catalogue, which is replaced as one value and read without a lock.

    Attributes:
        catalogue: last catalogue that was read; empty before the first.
        read_at: time at which it was last known to be current, on the clock that never jumps; None
            before the first.
        wrong: problem of the store, as it was last seen; None without one.
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
        """Seconds since the catalogue was last known to be current; None before the first."""
        return None if self.read_at is None else monotonic() - self.read_at

    def follow(self, store: Store) -> None:
        """Replace the catalogue by the store's present one.

        Raises:
            NudgeError: the store cannot be read; the old catalogue stays.
        """
        with self._lock:
            self.catalogue = store.catalogue.refresh(self.catalogue)
            self.read_at = monotonic()
            self._known.set()
            if self._failing:
                log.info("catalogue_again")
            self._failing = False

    def await_first(self, seconds: float) -> None:
        """Wait until a catalogue has been read, at most this long."""
        self._known.wait(seconds)

    def log_failure(self, error: Exception) -> None:
        """Log that the old catalogue stays: once an outage, not at each attempt."""
        if not self._failing:
            log.warning("catalogue_stays", age=self.age, error=str(error))
        self._failing = True


@dataclass(frozen=True)
class Service:
    """The service of one app: its settings, store, flows and catalogue, for all endpoints.

    Attributes:
        store: store of the page path.
        patient: the store, over a client that may wait, for background threads.
        sealer: makes hashes, ids and tokens.
        recorder: records events.
        questions: hands long questions to the workers.
        eraser: forgets people.
        spool: keeps records that the store cannot take.
        local: digest -> caller of the keys in the settings.
        flows: those that hang on the configuration.
        limiter: refuses what is beyond the limits of keys and addresses.
        memory: warns while the store has little memory left.
        held: the current catalogue.
        ended: set once nobody asks the service any more.
    """

    settings: Settings
    store: Store
    patient: Store
    sealer: Sealer
    recorder: Recorder
    questions: QuestionQueue
    eraser: Eraser
    spool: Spool
    metrics: Metrics
    local: Mapping[str, Caller]
    flows: FlowHolder
    limiter: Limiter
    memory: MemoryWatch
    held: CatalogueHolder = field(default_factory=CatalogueHolder)
    ended: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def calendar(self) -> OperatorCalendar:
        """The operator's calendar: of dates in questions and of all labels."""
        return OperatorCalendar.named(self.settings.zone)

    @cached_property
    def page_gate(self) -> Gate:
        """The gate of decisions with page keys."""
        return Gate("decisions", self.limiter, self.sealer)

    @cached_property
    def event_gate(self) -> Gate:
        """The gate of events with page keys."""
        return Gate("events", self.limiter, self.sealer)

    @property
    def configuration(self) -> Configuration:
        """The configuration that is applied now."""
        return self.flows.current.configuration

    @property
    def rules(self) -> InputRules:
        """The rules for values from outside."""
        return self.flows.current.configuration.rules

    @property
    def decider(self) -> Decider:
        """The flow that answers pages."""
        return self.flows.current.decider

    @property
    def planner(self) -> Planner:
        """The planner of SMS.

        Raises:
            InvalidConfigError: the contact policy is wrong; `nudge check` finds this as well.
        """
        return self.flows.current.planner

    @property
    def holidays(self) -> HolidayWatch:
        """The warning while the days off of a year are missing."""
        return self.flows.holidays

    def catalogue(self) -> Catalogue:
        """Return the catalogue for this request; the first call reads it.

        Raises:
            StoreAwayError: nothing has been read yet, and the store does not answer.
        """
        if self.held.read_at is None:
            self.refresh()
        return self.held.catalogue

    def catalogue_with(self, names: Iterable[str]) -> Catalogue:
        """Return the catalogue for this request, read again if it lacks one of these slots.

        Another process may have applied a slot a moment ago: this process must not answer that
        the slot is unknown until its next regular look.

        Raises:
            StoreAwayError: nothing has been read yet, and the store does not answer.
        """
        held = self.catalogue()
        return held if all(name in held.slots for name in names) else self.latest()

    def served_versions(self) -> dict[str, str]:
        """Return the version of the policy that this process serves, by slot."""
        return {name: one.policy.version for name, one in self.held.catalogue.slots.items()}

    def latest(self) -> Catalogue:
        """Read the store's present catalogue; return the one in memory if the store is away.

        Callers that are about to change a slot need it: the last change may have gone through
        another process, and this one's regular look may be a second old.

        Raises:
            StoreAwayError: nothing has been read yet, and the store does not answer.
        """
        self.catalogue()
        if self.held.wrong is None:
            with contextlib.suppress(StoreAwayError):
                self.refresh()
        return self.held.catalogue

    def refresh(self, store: Store | None = None) -> None:
        """Read the changes of the catalogue now.

        Args:
            store: store to read from; None is the page path's own.

        Raises:
            StoreAwayError: the store does not answer; the old catalogue stays.
        """
        self.held.follow(store or self.store)
        self.flows.follow(self.held.catalogue.documents)
        for name, served in self.held.catalogue.slots.items():
            self.metrics.frozen.labels(name).set(float(served.slot.mode == SlotMode.FROZEN))
            failing = name in self.held.catalogue.failing
            self.metrics.unpublished.labels(name).set(float(failing))

    def look(self) -> None:
        """Check that the store is the known one, then read the changes of the catalogue.

        A store that lost its data would take slots and keys away: then the catalogue in memory
        stays.

        Raises:
            NudgeError: the store cannot be checked or read.
        """
        self.recognise()
        if self.held.wrong is None or not self.held.catalogue.slots:
            self.refresh(self.patient)

    def recognise(self) -> None:
        """Check that the store is the known one, by its fingerprint.

        Raises:
            InvalidConfigError: the local note of the fingerprint cannot be read.
            StoreAwayError: the store does not answer.
        """
        found = self.patient.identity.recognise(self.settings.store_note)
        if found and not self.held.wrong:
            log.error("wrong_store", reason=found.reason, error=str(found))
        self.held.wrong = found

    def start(self) -> threading.Thread:
        """Start the threads that follow the store and empty the spool; call it after the fork.

        The first ends once `ended` is set, the other one with the process.

        The call returns when slots and policies are in memory, or when that takes too long: else
        the first pages would have to read them in the time that a page may wait, or be refused.
        """
        self.store.client.before_return = self.recognise
        keeper.start(
            self.spool, self.store.client, self.patient, self.metrics.spool, self.served_versions
        )
        thread = threading.Thread(target=self._follow, name="catalogue", daemon=True)
        thread.start()
        self.held.await_first(FIRST)
        return thread

    def _follow(self) -> None:
        # A catalogue may be large and the store busy: no page waits here, so waiting is free.
        next_look = 0.0
        registered = False
        while True:
            try:
                self.holidays.look(now())
                self.look()
                if monotonic() >= next_look:
                    self.memory.look(self.patient.memory)
                    next_look = monotonic() + MEMORY_EVERY
                if not registered and self.held.wrong is None:
                    register_page_key(self.patient, self.settings)
                    registered = True
            except NudgeError as error:
                self._count(error)
                self.held.log_failure(error)
            except Exception as error:
                # Without this thread the process would serve an old catalogue for ever.
                log.exception("catalogue_broken")
                self.held.log_failure(error)
            if self.ended.wait(self.settings.refresh_every):
                return

    def _count(self, error: NudgeError) -> None:
        if isinstance(error, StoreAwayError):
            self.metrics.store_errors.labels(error.code).inc()


def current() -> Service:
    """Return the service of the app that answers this request."""
    service: Service = current_app.extensions[EXTENSION]
    return service
