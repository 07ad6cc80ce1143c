"""The loop of the report worker: takes questions about the lake one by one and answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Final

import structlog

from nudge import clock
from nudge.errors import (
    FencedError,
    InvalidRequestError,
    NotFoundError,
    NudgeError,
    StoreError,
)
from nudge.lake.files.errors import TooLargeError
from nudge.store.jobs.jobs import Ticket
from nudge.store.store import Store
from nudge.workers.backoff import Backoff

log = structlog.get_logger()

ASKERS: Final = (InvalidRequestError, NotFoundError, TooLargeError)
"""Errors that whoever asks can do something about."""
LOOK: Final = 0.05
"""Seconds between two looks whether somebody asks."""
REST: Final = 10.0
"""Seconds without a question after which what is asked next may be prepared."""
Tell = Callable[[float], None]
"""Is told how far a job is, from 0 to 1; raises StoppedError where the worker is to end."""


class StoppedError(NudgeError):
    """The worker stops: the job waits for the next one."""

    code = "stopped"


@dataclass(frozen=True)
class JobAnswer:
    """The answer to a question.

    Attributes:
        body: as callers get it.
        as_of: seconds; all that had happened by then is in it.
    """

    body: bytes
    as_of: float


Answer = Callable[[Mapping[str, Any], Tell], JobAnswer]


@dataclass(frozen=True)
class QuestionKind:
    """A kind of question, and the function that answers it.

    Attributes:
        name: of the jobs.
        answer: the question's.
        kept: seconds that answers are kept.
        prepare: what may be done while nobody asks.
    """

    name: str
    answer: Answer
    kept: float
    prepare: Callable[[Tell], None] | None = None


class ReportLoop:
    """The loop that answers one kind of question. Use it from one thread."""

    def __init__(self, store: Store, kind: QuestionKind, ttl: float) -> None:
        self._store, self._kind, self._ttl = store, kind, ttl
        self._stop = Event()
        self._rested = clock.monotonic()

    def run(self, stop: Event) -> None:
        """Answer questions until `stop` is set; the next worker takes an unfinished job."""
        self._stop = stop
        away = Backoff(0.1, 5.0)
        while not stop.is_set():
            try:
                busy = self.turn()
                away.reset()
            except StoreError as error:
                log.warning("store_away", kind=self._kind.name, error=str(error))
                stop.wait(away.next())
                continue
            if not busy:
                self._rest()
                stop.wait(LOOK)

    def turn(self) -> bool:
        """Answer one question; return whether there was one.

        Raises:
            StoreError: the store does not answer; the job is taken again when its lease is over.
        """
        ticket = self._store.jobs.take(self._kind.name, self._ttl)
        if ticket is None:
            return False
        self._rested = clock.monotonic()
        try:
            self._answer(ticket)
        except FencedError as error:
            log.warning("job_overtaken", job=ticket.id, error=str(error))
        except StoppedError:
            log.info("job_left", job=ticket.id)
        return True

    def _answer(self, ticket: Ticket) -> None:
        began = clock.monotonic()
        try:
            with self._held(ticket) as tell:
                found = self._kind.answer(ticket.question, tell)
        except (StoreError, StoppedError):
            raise
        except NudgeError as error:
            log.warning("job_failed", job=ticket.id, code=error.code, error=str(error))
            self._store.jobs.fail(ticket, error.code, told(error))
            return
        except Exception:
            # One question must not end the worker that answers all the others.
            log.exception("job_broken", job=ticket.id, question=ticket.question)
            text = "something went wrong on our side"
            self._store.jobs.fail(ticket, "internal", text)
            return
        kept = self._kind.kept
        self._store.jobs.finish(ticket, found.body, found.as_of, kept)
        log.debug("job_done", job=ticket.id, seconds=round(clock.monotonic() - began, 3))

    @contextmanager
    def _held(self, ticket: Ticket) -> Iterator[Tell]:
        """Hold the job while it is answered; yield a function that notes the progress."""
        done, progress = Event(), [0.0]

        def tell(share: float) -> None:
            progress[0] = min(max(share, progress[0]), 1.0)
            self._check()

        keeper = Thread(target=self._keep, args=(ticket, done, progress), name="job")
        keeper.start()
        try:
            yield tell
        finally:
            done.set()
            keeper.join()

    def _keep(self, ticket: Ticket, done: Event, progress: list[float]) -> None:
        while not done.wait(self._ttl / 3):
            try:
                self._store.jobs.go_on(ticket, self._ttl, progress[0])
            except StoreError as error:
                # The token decides whether the answer may still be given.
                log.warning("job_not_kept", job=ticket.id, error=str(error))

    def _check(self, _: float = 0.0) -> None:
        if self._stop.is_set():
            raise StoppedError("the worker ends")

    def _check_rest(self, _: float = 0.0) -> None:
        """Leave what is only prepared for a question: what is done is kept, and goes on later."""
        self._check()
        if self._store.jobs.waits(self._kind.name):
            raise StoppedError("somebody asks")

    def _rest(self) -> None:
        """Prepare for the next question, if none came for a while."""
        if self._kind.prepare is None or clock.monotonic() < self._rested + REST:
            return
        try:
            self._kind.prepare(self._check_rest)
        except StoppedError:
            log.info("preparing_left")
        except NudgeError as error:
            log.warning("not_prepared", code=error.code, error=str(error))
        self._rested = clock.monotonic()


def told(error: NudgeError) -> str:
    """Return the message for callers: the question's errors, but not where our files lie."""
    if isinstance(error, ASKERS):
        return str(error)
    return f"the question could not be answered ({error.code}); the worker's log says why"
