"""The loop of notices: in one worker at a time, each address in a thread of its own.

A receiver that hangs holds up its own address only. A process that dies between a try and its
record sends that one notice once more, under the same id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import cached_property
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import structlog

from nudge import clock
from nudge.domain.alarms.delivery import Delivery, Notice
from nudge.domain.alarms.notice_policy import Addressee, Language, NoticePolicy
from nudge.domain.alarms.notice_texts import NoticeText
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.errors import NudgeError, StoreError
from nudge.flows.notices.office import NoticeOffice
from nudge.flows.notices.writer import NoticeWriter, WeekMemory
from nudge.lake.files.reader import Lake
from nudge.settings.notice_secrets import notice_secrets
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.configuration_follower import ConfigurationFollower
from nudge.workers.reports.answers import CACHE
from nudge.workers.store_check import StoreCheck

if TYPE_CHECKING:
    from nudge.notices.sender import Sender

log = structlog.get_logger()

TICK: Final = 1.0
"""Seconds between two looks at what is due."""
MOST: Final = 16
"""Addresses that are talked to at a time."""


class NoticeSender(Protocol):
    """A sender of notices."""

    def send(self, notice: Notice, text: NoticeText) -> str | None:
        """Try once; return None where the receiver took it, else the reason."""
        ...


class _Unwritten(NamedTuple):
    """A try whose outcome the store has not taken yet."""

    delivery: Delivery
    at: float
    problem: str | None


class NoticeLoop:
    """The loop that sends notices. Use it from one thread.

    Whoever loses the turn while a try runs does no harm: a try is written before it begins, and
    another worker waits two minutes for its outcome.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        owner: str,
        ttl: float,
        store_check: StoreCheck,
    ) -> None:
        self._store, self._settings = store, settings
        self._owner, self._ttl, self._store_check = owner, ttl, store_check
        self._follower = ConfigurationFollower(store, settings)
        self._calendar = OperatorCalendar.named(settings.zone)
        self._office = NoticeOffice(store, self._calendar, self._warnings, self._work)
        self._writer = NoticeWriter(self._office, self._calendar, WeekMemory(self._week))
        self._busy: dict[Addressee, Thread] = {}
        self._lock = Lock()
        self._unwritten: deque[_Unwritten] = deque()

    @cached_property
    def sender(self) -> NoticeSender:
        """The sender; apprise takes a second to import: not where nobody is told."""
        from nudge.notices.sender import Sender  # noqa: PLC0415 (see above)

        found: Sender = Sender(notice_secrets())
        return found

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then give the turn back."""
        trouble = Backoff(1.0, 60.0)
        while not stop.wait(TICK):
            try:
                if self._store_check.admits():
                    self.turn(clock.now())
                trouble.reset()
            except NudgeError as error:
                log.warning("notices_stopped", code=error.code, error=str(error))
                stop.wait(trouble.next())
        self._release()

    def turn(self, now: float) -> int:
        """Begin the tries that are due; return how many.

        Args:
            now: seconds since the epoch.

        Raises:
            InvalidConfigError: the tables of notices are wrong.
            StoreAwayError: the store does not answer.
        """
        self._write_outcomes()
        policy = self._follower.current().notices
        if not policy.people or not self._store.deliveries.acquire(self._owner, self._ttl):
            return 0
        desk = self._office.look(policy, now)
        self._office.tidy(desk)
        return sum(self._begin(one, policy, now) for one in desk.due())

    def settle(self, timeout: float | None = None) -> None:
        """Wait until the tries that run have ended.

        Args:
            timeout: seconds for each; None waits as long as it takes.
        """
        with self._lock:
            running = list(self._busy.values())
        for thread in running:
            thread.join(timeout)

    def _begin(self, delivery: Delivery, policy: NoticePolicy, now: float) -> bool:
        """Begin a try, unless its address is talked to or too many are."""
        addressee = delivery.notice.addressee
        with self._lock:
            if addressee in self._busy or len(self._busy) >= MOST:
                return False
        begun = self._office.begin(delivery, now)
        if begun is None:
            return False
        language = policy.people[addressee.person].language
        # No process waits for a receiver that hangs when it ends.
        thread = Thread(target=self._try, args=(begun, language, now), name="notice", daemon=True)
        with self._lock:
            self._busy[addressee] = thread
        thread.start()
        return True

    def _try(self, delivery: Delivery, language: Language, began: float) -> None:
        clocked = clock.monotonic()
        try:
            problem = self._send(delivery.notice, language)
            ended = _Unwritten(delivery, began + clock.monotonic() - clocked, problem)
            self._end(ended)
        finally:
            with self._lock:
                self._busy.pop(delivery.notice.addressee, None)

    def _send(self, notice: Notice, language: Language) -> str | None:
        try:
            return self.sender.send(notice, self._writer.write(notice, language))
        except NudgeError as error:
            return f"the text cannot be written: {error.code}"
        except Exception as error:
            log.exception("notice_failed", notice=notice.id)
            return f"an error of the service: {type(error).__name__}"

    def _end(self, ended: _Unwritten) -> None:
        try:
            self._office.end(*ended)
        except StoreError as error:
            log.warning("notice_not_written", notice=ended.delivery.notice.id, error=str(error))
            self._unwritten.append(ended)

    def _write_outcomes(self) -> None:
        """Write the outcomes that the store did not take before.

        Raises:
            StoreAwayError: the store does not answer.
        """
        while self._unwritten:
            self._office.end(*self._unwritten[0])
            self._unwritten.popleft()

    def _warnings(self) -> WarningPolicy:
        return self._follower.current().warnings

    def _work(self) -> WorkPolicy:
        return self._follower.current().worklist

    def _week(self, monday: int) -> Mapping[str, Any]:
        """Return the summary of a week; the engine takes a second and 100 MB to import."""
        from nudge.flows.reports.performance import Reports  # noqa: PLC0415 (see above)
        from nudge.flows.reports.weekly import weekly_summary  # noqa: PLC0415 (the same)

        settings, calendar = self._settings, self._calendar
        reports = Reports(
            self._store,
            Lake(settings.lake_dir),
            settings.data_dir / CACHE,
            settings.holdout,
            engine=settings.lake_engine,
            calendar=calendar,
        )
        return weekly_summary(reports, self._follower.current(), monday, calendar)

    def _release(self) -> None:
        try:
            self._store.deliveries.release(self._owner)
        except StoreError as error:
            # It runs out by itself.
            log.warning("notices_not_released", error=str(error))
