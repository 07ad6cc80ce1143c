"""The transport of the client: one HTTP call to the running service, with patience and a deadline.

Two cores are shared with the service that it drives, so it is built on `http.client` with one
kept-alive connection a thread: a call costs about a quarter of httpx's.
"""

from __future__ import annotations

import http.client
import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import orjson

from nudge.client.deadline import DeadlineConnection, SecureDeadlineConnection
from nudge.clock import monotonic, sleep
from nudge.errors import InvalidConfigError, NudgeError
from nudge.settings.settings import Settings

Json = Any
"""A parsed answer: whatever the service documents for the path."""

SERVE_FILE = "serve.json"
"""Written into the data directory by `nudge serve`: `{"url": ...}`."""

HTTP_ERROR = 400
UNAVAILABLE = 503
LIMITED = 429


class ServiceAwayError(NudgeError):
    """The service's address does not answer."""

    code = "service_away"


class RefusedError(NudgeError):
    """The service answered with an error.

    Attributes:
        status: HTTP status.
        answer: the answer's body as parsed, or its text.
    """

    code = "refused"

    def __init__(self, message: str, status: int, answer: object) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer


@dataclass(frozen=True)
class Patience:
    """The times after which a call is given up.

    Attributes:
        timeout: seconds for one answer, from the connection to its last byte.
        tries: calls in all; repeats are safe, since ids make them no-ops in the service.
        backoff: seconds before the second try, doubled before each one after.
        longest: seconds between two tries at most.
        refused: seconds in all that a call waits where it is refused for a limit (429) and told
            when to come again: the service works, so no try is used up.
        budget: seconds for the whole call, repeats and waits included.
    """

    timeout: float = 10.0
    tries: int = 20
    backoff: float = 0.1
    longest: float = 2.0
    refused: float = 600.0
    budget: float = math.inf


@dataclass(frozen=True)
class ServiceTarget:
    """The address of the service, and the key that calls it.

    Attributes:
        url: base URL.
        key: API key.
    """

    url: str
    key: str = field(repr=False)


class Api:
    """A client of the service; safe to share between threads, each of which keeps one connection.

    Attributes:
        target: which service, with what key.
        repeats: calls that were made again so far: each may have been carried out twice.
    """

    def __init__(self, target: ServiceTarget, patience: Patience | None = None) -> None:
        self.target = target
        self.repeats = 0
        self._patience = patience or Patience()
        self._base = split_url(target.url)
        self._local = threading.local()
        self._headers = {
            "Authorization": f"Bearer {target.key}",
            "Content-Type": "application/json",
            "User-Agent": "nudge-client",
        }

    def check(self) -> None:
        """Check that the service answers at all, without the patience of the other calls.

        Raises:
            ServiceAwayError: nothing answers.
        """
        try:
            self._once("GET", "/healthz", None, math.inf)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._away(error) from error

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Return the parsed answer to a GET.

        Raises:
            ServiceAwayError: nothing answers.
            RefusedError: the answer is an error.
        """
        return self._call("GET", path + (f"?{urlencode(query)}" if query else ""), None)

    def post(self, path: str, body: object) -> Json:
        """Return the parsed answer to a POST of `body` as JSON.

        Raises:
            ServiceAwayError: nothing answers.
            RefusedError: the answer is an error.
        """
        return self._call("POST", path, orjson.dumps(body))

    def close(self) -> None:
        """Close the calling thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _call(self, method: str, path: str, body: bytes | None) -> Json:
        wait, patience = self._patience.backoff, self._patience.refused
        left, end = self._patience.tries, monotonic() + self._patience.budget
        while left:
            left -= 1
            try:
                status, payload, told = self._once(method, path, body, end)
            except (OSError, http.client.HTTPException) as error:
                self.close()  # whatever it was in the middle of is unknown
                if not left or monotonic() + wait >= end:
                    raise self._away(error) from error
            else:
                if told and told <= patience and monotonic() + told < end:
                    left, patience = left + 1, patience - told
                    sleep(told)
                    continue
                if status != UNAVAILABLE or not left or monotonic() + wait >= end:
                    return _parsed(method, path, status, payload)
            self.repeats += 1
            sleep(wait)
            wait = min(2 * wait, self._patience.longest)
        raise ValueError("Patience.tries must be at least 1")

    def _once(
        self, method: str, path: str, body: bytes | None, end: float
    ) -> tuple[int, bytes, int]:
        """Return the status, the body, and the seconds to wait where a limit was reached.

        Args:
            method: of the call.
            path: with its query.
            body: None for none.
            end: of the whole call, on the clock that never jumps.
        """
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        connection.deadline = min(monotonic() + self._patience.timeout, end)
        connection.request(method, self._base.path.rstrip("/") + path, body, self._headers)
        response = connection.getresponse()
        told = response.getheader("Retry-After", "") if response.status == LIMITED else ""
        return response.status, response.read(), int(told) if told.isdecimal() else 0

    def _connect(self) -> DeadlineConnection | SecureDeadlineConnection:
        base = self._base
        kind = SecureDeadlineConnection if base.scheme == "https" else DeadlineConnection
        return kind(base.hostname or "", base.port)

    def _away(self, error: Exception) -> ServiceAwayError:
        cure = "start it with `make run`, or name the running one with --url"
        text = f"the service at {self.target.url} does not answer ({error}); {cure}"
        return ServiceAwayError(text)


def find(settings: Settings, url: str | None = None, key: str | None = None) -> ServiceTarget:
    """Find the running service's address, and a key to call it with.

    Args:
        settings: of this installation.
        url: base URL; None looks into the data directory, then takes the configured address.
        key: API key; None takes the installation's admin key.

    Raises:
        InvalidConfigError: there is no key.
    """
    found = key or settings.admin_key
    if not found:
        raise InvalidConfigError(["no API key: give --key, or set NUDGE_ADMIN_KEY"])
    return ServiceTarget((url or _served(settings.data_dir) or settings.url).rstrip("/"), found)


def _served(data_dir: Path) -> str | None:
    path = data_dir / SERVE_FILE
    if not path.exists():
        return None
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        cure = "remove it, or name the service with --url"
        raise InvalidConfigError([f"{path}: cannot be read ({error!r}); {cure}"]) from error


def split_url(url: str) -> SplitResult:
    """Return the parts of a service's address.

    Raises:
        InvalidConfigError: it is none.
    """
    base = urlsplit(url)
    if base.scheme not in ("http", "https") or not base.hostname:
        raise InvalidConfigError([f"{url}: no URL of a service; write http://HOST:PORT"])
    return base


def _parsed(method: str, path: str, status: int, payload: bytes) -> Json:
    try:
        answer: Json = orjson.loads(payload) if payload else None
    except orjson.JSONDecodeError:
        # Something else than the service may answer there: its text is the best clue.
        answer = payload[:200].decode(errors="replace")
    if status >= HTTP_ERROR:
        raise RefusedError(f"{method} {path}: {status} {_told(answer)}", status, answer)
    return answer


def _told(answer: object) -> str:
    if not isinstance(answer, dict):
        return str(answer)
    rest = f" {answer['errors']}" if answer.get("errors") else ""
    return f"{answer.get('code', '')}: {answer.get('message', answer)}{rest}"
