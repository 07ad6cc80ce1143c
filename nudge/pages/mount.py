"""The mount of the pages: it sends their paths to their application, and all else to the API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SEGMENTS: Final = frozenset(
    {
        "account",
        "alarms",
        "audit",
        "explain",
        "funnel",
        "login",
        "logout",
        "pages",
        "promotions",
        "segments",
        "slots",
        "sms",
        "system",
        "users",
        "visitor",
        "warnings",
        "welcome",
        "winback",
        "work",
    }
)
"""First segments of the paths that are pages; a test compares them."""


class PageMount:
    """A WSGI application before the API's, which makes the pages when the first one is asked for.

    Args:
        api: application of the API.
        make: makes the application of the pages; it is given `api`, which feeds them.
    """

    def __init__(
        self, api: WSGIApplication, make: Callable[[WSGIApplication], WSGIApplication]
    ) -> None:
        self._api = api
        self._make = make
        self._pages: WSGIApplication | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the pages or by the API."""
        path: str = environ["PATH_INFO"]
        page = path == "/" or path[1:].partition("/")[0] in SEGMENTS
        app = self._made() if page else self._api
        return app(environ, start_response)

    def _made(self) -> WSGIApplication:
        if self._pages is None:
            with self._lock:
                if self._pages is None:
                    self._pages = self._make(self._api)
        return self._pages
