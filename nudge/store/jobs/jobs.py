"""Jobs: questions that a worker answers, each once, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bandits.units import HOUR
from nudge import clock
from nudge.errors import StoreError
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

MOST: Final = 100
"""Jobs of a kind that may wait or run; more are refused."""
TRIES: Final = 3
"""How often a job is begun: one that ends its worker must not end all of them."""
REMEMBERED: Final = float(HOUR)
"""Seconds that a job is remembered which nobody finished."""
FAILED_KEPT: Final = float(HOUR)
"""Seconds that a failed job is remembered."""
LISTED: Final = 50
"""Failures that are listed, the newest."""
RETRY: Final = 5.0
"""Seconds in which who asks anew is told of the failure, and the job is not begun again."""
NEVER: Final = -1
OPEN: Final = ("waiting", "running")


class TooManyJobsError(StoreError):
    """Too many questions wait for a worker; ask again later."""

    code = "too_many_jobs"


@dataclass(frozen=True)
class Inquiry:
    """A question that becomes a job.

    Attributes:
        id: of the job: a hash of the question and of what it is asked about.
        kind: which worker answers it.
        question: JSON values.
        about: hash of the question alone, by which its newest answer is found.
    """

    id: str
    kind: str
    question: Mapping[str, Any]
    about: str


@dataclass(frozen=True)
class Ticket:
    """A job that a worker has taken.

    Attributes:
        token: of this taking.
        question: JSON values.
        about: hash of the question alone.
    """

    id: str
    kind: str
    token: int
    question: Mapping[str, Any]
    about: str


@dataclass(frozen=True)
class Job:
    """The standing of a job: state, progress and outcome.

    Attributes:
        kind: which worker answers it.
        state: `waiting`, `running`, `done` or `failed`.
        question: JSON values.
        progress: from 0 to 1.
        asked: seconds.
        finished: seconds; None before.
        as_of: seconds, until when what had happened is in the answer; None before it is done.
        code: of the error, where it failed.
        message: the same, for people.
    """

    id: str
    kind: str
    state: str
    question: Mapping[str, Any]
    progress: float
    asked: float
    finished: float | None
    as_of: float | None
    code: str
    message: str

    @property
    def open(self) -> bool:
        """True while the job is not answered."""
        return self.state in OPEN


_TEXTS: Final = ("kind", "state", "question", "code", "message")
_NUMBERS: Final = ("progress", "asked", "finished", "as_of")


@dataclass(frozen=True)
class JobFailure:
    """A failure of a job, for whoever looks after the workers.

    Attributes:
        kind: of the question.
        at: seconds.
        code: of the error.
        message: the same, for people.
    """

    kind: str
    at: float
    code: str
    message: str


@dataclass(frozen=True)
class Jobs:
    """Jobs: questions that workers answer."""

    client: Client
    keys: Keys

    def ask(self, inquiry: Inquiry, *, anew: bool = False) -> str:
        """Add a job unless one that answers the question is there; return that job's id.

        Args:
            inquiry: the question.
            anew: begin a job again that failed a while ago; else it stays failed as long as it is
                remembered.

        Raises:
            TooManyJobsError: as many as may wait do.
            StoreAwayError: no answer; asking again does no harm.
        """
        names = [
            self.keys.config("jobs", inquiry.kind),
            self.keys.config("job", inquiry.id),
            self.keys.config("asked", inquiry.about),
        ]
        text = orjson.dumps(inquiry.question)
        times = (int(REMEMBERED * 1000), int(RETRY * 1000) if anew else NEVER)
        args = (inquiry.id, inquiry.kind, text, inquiry.about, MOST, *times)
        name, state = self.client.run("job_add", names, args)
        if state == b"full":
            raise TooManyJobsError(f"{MOST} questions wait for a worker; ask again later")
        return str(name.decode())

    def take(self, kind: str, ttl: float) -> Ticket | None:
        """Take the next job of a kind for `ttl` seconds; None where nothing waits."""
        args = (self.keys.config("job") + ":", int(ttl * 1000), TRIES, int(FAILED_KEPT * 1000))
        reply = self.client.run("job_take", [self.keys.config("jobs", kind)], args)
        if reply is None:
            return None
        name, token, text, about = reply
        return Ticket(name.decode(), kind, int(token), orjson.loads(text), about.decode())

    def waits(self, kind: str) -> bool:
        """Return whether a job of a kind waits for its first worker, or for another one."""
        name = self.keys.config("jobs", kind)
        # Those that are held have the time until which they are.
        return bool(self.client.call("ZCOUNT", name, "-inf", int(clock.now() * 1000)))

    def go_on(self, ticket: Ticket, ttl: float, progress: float) -> None:
        """Hold the job for `ttl` seconds more, and note its progress.

        Raises:
            FencedError: another worker has it.
        """
        self._note(ticket, "going", ttl, repr(round(progress, 3)))

    def finish(self, ticket: Ticket, result: bytes, as_of: float, kept: float) -> None:
        """Write the answer, which is kept for `kept` seconds.

        Raises:
            FencedError: another worker has the job; nothing was written.
        """
        self._note(ticket, "done", kept, result, repr(as_of))

    def fail(self, ticket: Ticket, code: str, message: str) -> None:
        """Write why the job has no answer.

        Raises:
            FencedError: another worker has the job; nothing was written.
        """
        self._note(ticket, "failed", FAILED_KEPT, code, message)
        # Not with it: a failure that is not listed is in the log, and its job says so.
        told = orjson.dumps([ticket.kind, clock.now(), code, message])
        self.client.call("LPUSH", self.keys.config("failed"), told)
        self.client.call("LTRIM", self.keys.config("failed"), 0, LISTED - 1)

    def failures(self) -> list[JobFailure]:
        """Return the failures of the last hour, the newest first."""
        rows = self.client.call("LRANGE", self.keys.config("failed"), 0, -1)
        every = [JobFailure(*orjson.loads(one)) for one in rows]
        return [one for one in every if one.at > clock.now() - FAILED_KEPT]

    def read(self, job_id: str) -> Job | None:
        """Return the standing of a job, or None where the id is unknown."""
        values = self.client.call("HMGET", self.keys.config("job", job_id), *_TEXTS, *_NUMBERS)
        kind, state, question, code, message = (
            value.decode() if value else "" for value in values[:5]
        )
        progress, asked, finished, as_of = (float(value) if value else None for value in values[5:])
        if not state:
            return None
        return Job(
            job_id,
            kind,
            state,
            orjson.loads(question),
            progress or 0.0,
            (asked or 0.0) / 1000.0,
            None if finished is None else finished / 1000.0,
            as_of,
            code,
            message,
        )

    def result(self, job_id: str) -> bytes | None:
        """Return the answer of a job that is done."""
        found: bytes | None = self.client.call("HGET", self.keys.config("job", job_id), "result")
        return found

    def newest(self, about: str) -> Job | None:
        """Return the job that answered a question last, if its answer is still kept."""
        name = self.client.call("GET", self.keys.config("answered", about))
        job = None if name is None else self.read(name.decode())
        return job if job is not None and job.state == "done" else None

    def _note(self, ticket: Ticket, what: str, seconds: float, *rest: bytes | str) -> None:
        names = [
            self.keys.config("jobs", ticket.kind),
            self.keys.config("job", ticket.id),
            self.keys.config("answered", ticket.about),
        ]
        args = (ticket.id, ticket.token, what, int(seconds * 1000), *rest)
        self.client.run("job_note", names, args)
