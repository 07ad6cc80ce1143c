"""Headers of every answer: nobody keeps or guesses it, and pages of other origins may read it.

They are added where an answer leaves the app, so that no error and no path lacks them, and a
decision pays for them with two function calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from nudge.api.auth import ANY_ORIGIN, HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIXES: Final = ("/v1/", "/ofrep/")
"""Paths that pages of other origins call."""
ASSETS: Final = ("/docs/assets/", "/sdk/")
"""Paths of files that are the same for everybody, and say themselves how long they may be kept."""
KEEPING: Final = "Cache-Control"
NO_GUESS: Final = ("X-Content-Type-Options", "nosniff")
PRIVATE: Final = (NO_GUESS, (KEEPING, "no-store"))
EXPOSED: Final = (
    "Access-Control-Expose-Headers",
    "Allow, Content-Disposition, ETag, Location, Retry-After, WWW-Authenticate",
)
PREFLIGHT: Final = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        f"Authorization, Content-Type, Content-Encoding, If-Match, If-None-Match, {HEADER}",
    ),
    # Seconds that a browser may keep a preflight's answer.
    ("Access-Control-Max-Age", "86400"),
)
Headers = tuple[tuple[str, str], ...]


class AnswerHeaders:
    """A WSGI application around another one that completes the headers of its answers.

    Args:
        app: application inside.
        origins: web origins whose pages may call; `*` is any.
    """

    def __init__(self, app: WSGIApplication, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._any: Headers = (*PRIVATE, ("Access-Control-Allow-Origin", ANY_ORIGIN), EXPOSED)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a preflight, or let the application answer and add what belongs to its headers."""
        path: str = environ["PATH_INFO"]
        called = path.startswith(PREFIXES)
        more = self._of_calls(environ) if called else PRIVATE
        if called and environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ORIGIN" in environ:
            # No key is asked for: browsers send none with a preflight.
            start_response("204 No Content", [*more, *PREFLIGHT])
            return ()

        def start(
            status: str,
            headers: list[tuple[str, str]],
            *failure: Any,  # noqa: ANN401 (WSGI's own)
        ) -> Callable[[bytes], object]:
            kept = not called and path.startswith(ASSETS) and KEEPING in dict(headers)
            headers += (NO_GUESS,) if kept else more
            return start_response(status, headers, *failure)

        return self._app(environ, start)

    def _of_calls(self, environ: WSGIEnvironment) -> Headers:
        if ANY_ORIGIN in self._origins:
            return self._any
        # Caches must not give one origin's answer to another.
        vary = ("Vary", "Origin")
        origin: str | None = environ.get("HTTP_ORIGIN")
        if origin is None or origin not in self._origins:
            return (*PRIVATE, vary)
        return (*PRIVATE, vary, ("Access-Control-Allow-Origin", origin), EXPOSED)
