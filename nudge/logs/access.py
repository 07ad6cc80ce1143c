"""The access log: a line for each call, whatever server runs the application.

It tells method, path, status, milliseconds, bytes and the key's id. It never tells an address, a
query (`?key=`, `?why=`), a header or a body: those name people and keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import structlog

from nudge.clock import monotonic

KEY_ID: Final = "nudge.key_id"
"""The entry of a call's environ in which the application leaves the id of the key for this log."""
PATH: Final = "nudge.path"
"""The entry in which it leaves the path that may be told, if the call's own names a visitor."""
LONGEST: Final = 200
"""Characters of a path that are told."""

Environ = dict[str, Any]
Start = Callable[..., Any]
App = Callable[[Environ, Start], Iterable[bytes]]

log = structlog.get_logger()


class AccessLog:
    """A WSGI application around another one, which logs each of its calls when it has ended."""

    def __init__(self, app: App) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: Start) -> Iterator[bytes]:
        """Answer a call as the application does, and log it."""
        began, size, status = monotonic(), 0, ""

        def start(line: str, *rest: Any) -> Any:  # noqa: ANN401 - WSGI's own
            nonlocal status
            status = line
            return start_response(line, *rest)

        pieces: Iterable[bytes] = ()
        try:
            pieces = self._app(environ, start)
            for piece in pieces:
                size += len(piece)
                yield piece
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
            _tell(environ, status, size, monotonic() - began)


def _tell(environ: Environ, status: str, size: int, seconds: float) -> None:
    path = str(environ.get(PATH) or environ.get("PATH_INFO", ""))
    log.info(
        "call",
        method=environ.get("REQUEST_METHOD"),
        path=path[:LONGEST],
        status=int(status[:3] or 0),
        ms=round(seconds * 1000, 1),
        bytes=size,
        key=environ.get(KEY_ID),
    )
