"""Ask: a question's newest answer, or the job that will answer it. For the web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Final

from nudge import clock
from nudge.domain.reports.questions import digest
from nudge.store.jobs.jobs import Inquiry, Job
from nudge.store.store import Store

VERSION: Final = 3
"""Of the answers' form; another one is asked for anew."""
FRESH: Final = 5.0
"""Seconds after which an answer is asked for again, if the lake has changed since."""
OLD: Final = 30.0
"""Seconds that the lake's part in an answer may be old while a newer one is made."""
PATIENCE: Final = 1.0
"""Seconds that a request waits for an answer."""
TAKEN: Final = 0.25
"""Seconds within which a worker that is there takes a job."""
LOOK: Final = 0.02
WAITERS: Final = BoundedSemaphore(2)
"""Requests of one process that may wait at once: pages need its threads."""


@dataclass(frozen=True)
class QuestionStatus:
    """The state of a question now.

    Attributes:
        body: its newest answer that may be given, if any.
        as_of: seconds; all that had happened by then is in the answer.
        job: that makes a newer one; None where the answer is as new as it gets.
    """

    body: bytes | None
    as_of: float
    job: Job | None


@dataclass(frozen=True)
class QuestionQueue:
    """A queue in which questions wait for a worker.

    Attributes:
        store: of the installation.
    """

    store: Store

    def inquiry(self, kind: str, question: Mapping[str, Any], *more: object) -> Inquiry:
        """The question as a job: named by the question, the lake, and what else it depends on."""
        about = digest(VERSION, kind, question, *more)
        every = self.store.keys.every_partition()
        lake = [self.store.folds.position_of(p, "archive") for p in every]
        return Inquiry(digest(about, lake), kind, question, about)

    def answer(
        self, inquiry: Inquiry, *, fresh: float = FRESH, old: float = OLD, anew: bool = False
    ) -> QuestionStatus:
        """The newest answer; one that is behind the lake is asked for anew.

        Args:
            inquiry: of `inquiry`.
            fresh: seconds in which an answer is given as it is.
            old: seconds that the lake's part may be old in an answer that is given meanwhile; with
                infinity any will do, but for one that is too old a newer one is waited for.
            anew: begin again what failed a while ago; who only looks is told of the failure.

        Raises:
            TooManyJobsError: too many questions wait.
            StoreAwayError: the store does not answer.
        """
        known = self.store.jobs.newest(inquiry.about)
        if known and known.id == inquiry.id:
            return self._given(known, None, self._now(known))
        if known and clock.now() - (known.finished or 0.0) < fresh:
            return self._given(known, None)
        waits = known is None or old < float("inf") or self._age(known) > OLD
        job = self.begin(inquiry, waits=waits, anew=anew)
        if job is not None and job.state == "done":
            return self._given(job, None)
        if known and self._age(known) <= old:
            return self._given(known, job)
        return QuestionStatus(None, 0.0, job)

    def newest(self, inquiry: Inquiry, fresh: float) -> QuestionStatus:
        """The newest answer as it is; one older than `fresh` seconds is asked for anew.

        Nobody waits: a page of many figures shows what there is, and looks again.

        Raises:
            TooManyJobsError: too many questions wait.
            StoreAwayError: the store does not answer.
        """
        known = self.store.jobs.newest(inquiry.about)
        if known and known.id == inquiry.id:
            return self._given(known, None)
        if known and clock.now() - (known.finished or 0.0) < fresh:
            return self._given(known, None)
        job = self.begin(inquiry, waits=False)
        return self._given(known, job) if known else QuestionStatus(None, 0.0, job)

    def _given(self, job: Job, newer: Job | None, as_of: float | None = None) -> QuestionStatus:
        body = self.store.jobs.result(job.id)
        return QuestionStatus(body, (job.as_of or 0.0) if as_of is None else as_of, newer)

    def _age(self, job: Job) -> float:
        return clock.now() - (job.as_of or 0.0)

    def _now(self, job: Job) -> float:
        """Until when an answer is complete whose lake has not changed since: perhaps until now."""
        fresh = self.store.freshness.read()
        return fresh.at if all(fresh.complete.values()) else job.as_of or 0.0

    def begin(self, inquiry: Inquiry, *, waits: bool, anew: bool = False) -> Job | None:
        """Ask, and wait a little for the answer where there is room to wait."""
        name = self.store.jobs.ask(inquiry, anew=anew)
        if not waits or not WAITERS.acquire(blocking=False):
            return self.store.jobs.read(name)
        try:
            return self._awaited(name)
        finally:
            WAITERS.release()

    def _awaited(self, name: str) -> Job | None:
        began = clock.monotonic()
        while True:
            job = self.store.jobs.read(name)
            spent = clock.monotonic() - began
            ignored = job is not None and job.state == "waiting" and spent > TAKEN
            if job is None or not job.open or ignored or spent > PATIENCE:
                return job
            clock.sleep(LOOK)
