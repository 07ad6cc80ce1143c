"""The outbox: sends events in batches, in the order in which they were put, from its own thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nudge.client.api import Api, RefusedError
from nudge.clock import sleep

Message = Mapping[str, Any]
Deliver = Callable[[Sequence[Message]], None]

BATCH = 500
"""Events in one call at most; the service takes 1,000."""
LATE = "too_many_requests"
"""Code of an event that is one too many at the moment."""
PAUSE = 1.0
"""Seconds after which events beyond a limit are sent again."""


class Outbox:
    """A queue of events; safe to share between threads.

    The first failure stops it and is raised to whoever puts, drains or closes next: what was put
    before is then not known to be sent.
    """

    def __init__(self, deliver: Deliver, age: float = 0.05, most: int = 20_000) -> None:
        self._deliver = deliver
        self._age = age
        self._most = most
        self._queue: deque[Message] = deque()
        self._changed = threading.Condition()
        self._flying: list[Message] = []
        self._closed = False
        self._failure: BaseException | None = None
        self.sent = 0
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def put(self, *messages: Message) -> None:
        """Queue events in order; wait while too many are queued.

        Raises:
            NudgeError: an earlier batch was not delivered.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) < self._most or self._failure)
            self._check()
            self._queue.extend(messages)
            self._changed.notify_all()

    def offer(self, message: Message) -> bool:
        """Queue an event without waiting; return whether it was.

        It is not where too many are queued, or where the outbox is closed: nobody would send it.

        Raises:
            NudgeError: an earlier batch was not delivered.
        """
        with self._changed:
            self._check()
            fits = not self._closed and len(self._queue) < self._most
            if fits:
                self._queue.append(message)
                self._changed.notify_all()
            return fits

    @property
    def unsent(self) -> tuple[Message, ...]:
        """Events that are not known to be delivered, those on their way included."""
        with self._changed:
            return (*self._flying, *self._queue)

    def drain(self) -> None:
        """Wait until every queued event is delivered.

        Raises:
            NudgeError: a batch was not delivered.
        """
        with self._changed:
            self._changed.wait_for(lambda: not (self._queue or self._flying) or self._failure)
            self._check()

    def close(self) -> None:
        """Deliver what is queued, and end.

        Raises:
            NudgeError: a batch was not delivered.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._deliver(batch)
            except BaseException as error:  # noqa: BLE001 - handed to the thread that puts
                self._fail(error)
                return
            with self._changed:
                self._flying = []
                self.sent += len(batch)
                self._changed.notify_all()

    def _next(self) -> list[Message]:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if len(self._queue) < BATCH and not self._closed:
                self._changed.wait(self._age)  # a little company makes each event cheaper
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            self._flying = batch
            self._changed.notify_all()
            return batch

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._failure = error
            self._changed.notify_all()


def deliver_to(api: Api) -> Deliver:
    """Make the delivery to the service; a refused event is an error, for Nudge made it itself.

    Events beyond a limit are sent again, alone: the others of their batch were taken.
    """

    def deliver(batch: Sequence[Message]) -> None:
        while batch:
            answer = api.post("/v1/events", {"events": batch})
            rejected = answer["rejected"]
            late = {one["event_id"] for one in rejected if one["code"] == LATE}
            if len(late) < len(rejected):
                first = next(one for one in rejected if one["code"] != LATE)
                text = f"{len(rejected)} events were rejected, the first with {first}"
                raise RefusedError(text, 202, answer)
            batch = [one for one in batch if one["event_id"] in late]
            sleep(PAUSE if batch else 0)

    return deliver
