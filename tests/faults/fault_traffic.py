"""Calls at a pace, over kept-alive connections, with what was acknowledged and how long it took."""

from __future__ import annotations

import http.client
import json
import select
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from nudge.settings.settings import Settings

T = TypeVar("T")
TIMEOUT = 30.0
PATIENCE = 120.0
"""Seconds for which a call that was not answered is repeated, as clients of a service do."""


@dataclass(frozen=True)
class Answer:
    """The answer to one call.

    Attributes:
        status: of HTTP; 0 where the call was sent and never answered.
        body: parsed.
        seconds: from when it was due until it was answered: waiting for a turn counts.
    """

    status: int
    body: Any
    seconds: float = 0.0


class Line:
    """One kept-alive connection. Between two calls it may be opened anew, not within one."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self.settings, self._patience = settings, patience
        self._host, self._port = settings.host, settings.port
        self._headers = {
            "Authorization": f"Bearer {settings.admin_key}",
            "Content-Type": "application/json",
        }
        self._connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: object, key: str = "") -> Answer:
        """Make one call, once, with another key if one is given."""
        data = orjson.dumps(body)
        own = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            connection = self._open()
            connection.request("POST", path, data, self._headers | own)
            response = connection.getresponse()
            payload = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(0, repr(error))
        return Answer(response.status, json.loads(payload))

    def insist(self, path: str, body: object, good: int, key: str = "") -> Answer:
        """Repeat the call until it is acknowledged; the same body means the same call."""
        until = time.monotonic() + self._patience
        while (answer := self.post(path, body, key)).status != good:
            # Anything else than "not now" is an answer that no outage excuses.
            assert answer.status in {0, 503}, answer
            assert time.monotonic() < until, answer
            time.sleep(0.05)
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is not None and _hung_up(self._connection):
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
            self._connection.connect()
        return self._connection


def _hung_up(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side closed the connection while it was idle."""
    if connection.sock is None:
        return True
    return bool(select.select([connection.sock], [], [], 0)[0])


@dataclass
class Paced:
    """Runs a call at a fixed rate on several threads, until told to stop.

    Attributes:
        rate: calls a second.
        threads: that make them.
        patience: seconds; 0 takes no answer but a good one, at once.
        results: what the calls returned, in no order.
        failures: what they raised.
    """

    settings: Settings
    rate: float
    call: Callable[[Line, int], Any]
    threads: int = 8
    patience: float = PATIENCE
    results: list[Any] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start."""
        self._lock = threading.Lock()
        self._next = 0
        self._stop = threading.Event()
        self._last: int | None = None
        self._began = time.monotonic()
        self._running = [threading.Thread(target=self._work) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()

    def finish(self, at_least: int = 0) -> list[Any]:
        """Stop when so many calls were made, and give what they returned."""
        with self._lock:
            self._last = max(at_least, self._next)
        for thread in self._running:
            thread.join()
        if self.failures:
            raise self.failures[0]
        return self.results

    def _work(self) -> None:
        line = Line(self.settings, self.patience)
        try:
            while (number := self._turn()) is not None:
                due = self._began + number / self.rate
                time.sleep(max(0.0, due - time.monotonic()))
                result = self.call(line, number)
                if isinstance(result, Answer):
                    result = Answer(result.status, result.body, time.monotonic() - due)
                self.results.append(result)
        except BaseException as error:  # noqa: BLE001 - raised again by finish
            self.failures.append(error)
        finally:
            line.close()

    def _turn(self) -> int | None:
        with self._lock:
            if self.failures or (self._last is not None and self._next >= self._last):
                return None
            self._next += 1
            return self._next - 1


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed."""
    found = sorted(values)
    return found[min(len(found) - 1, int(share * len(found)))]
