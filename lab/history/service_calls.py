"""Calls of the service's own application, in this process: no socket, no server."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ERROR: Final = 400


class CallFailedError(RuntimeError):
    """The service answered a call of the history with an error: the history is wrong."""


@dataclass(frozen=True)
class CallAnswer:
    """An answer of the service.

    Attributes:
        status: HTTP status.
        etag: of what the answer shows; empty without one.
        body: parsed.
    """

    status: int
    etag: str
    body: Any


@dataclass(frozen=True)
class ServiceCalls:
    """The service as a page, a server or a person calls it, by the key.

    Attributes:
        app: the WSGI application.
        key: API key.
    """

    app: WSGIApplication
    key: str

    def post(self, path: str, body: object) -> Any:
        """Return the parsed answer to a POST.

        Raises:
            CallFailedError: the answer is an error.
        """
        return self.call("POST", path, body).body

    def get(self, path: str) -> Any:
        """Return the parsed answer to a GET.

        Raises:
            CallFailedError: the answer is an error.
        """
        return self.call("GET", path).body

    def call(self, method: str, path: str, body: object = None, if_match: str = "") -> CallAnswer:
        """Return the answer to a call.

        Raises:
            CallFailedError: the answer is an error.
        """
        sent = b"" if body is None else orjson.dumps(body)
        name, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": name,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(sent)),
            "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(sent),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if if_match:
            environ["HTTP_IF_MATCH"] = if_match
        head: list[tuple[str, Mapping[str, str]]] = []

        def start(status: str, headers: Sequence[tuple[str, str]], *_: object) -> None:
            head.append((status, dict(headers)))

        parts: Iterable[bytes] = self.app(environ, start)  # type: ignore[arg-type]
        raw = b"".join(parts)
        (line, headers), parsed = head[0], orjson.loads(raw) if raw else None
        status = int(line.split(" ", 1)[0])
        if status >= ERROR:
            raise CallFailedError(f"{method} {path}: {line}: {raw[:500].decode()}")
        return CallAnswer(status, headers.get("ETag", ""), parsed)
