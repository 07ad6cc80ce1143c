"""Cross-origin calls of pages (CORS): preflight answers, and headers on all other answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Flask, Request, Response, request

from nudge.api.auth import ANY_ORIGIN, HEADER

PREFIXES: Final = ("/v1/", "/ofrep/")
METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
HEADERS: Final = f"Authorization, Content-Type, Content-Encoding, {HEADER}"
MAX_AGE: Final = "86400"
"""Seconds that a browser may cache a preflight's answer."""


def allow_origins(app: Flask, origins: Sequence[str]) -> None:
    """Allow pages of these web origins to call the app; `*` allows any origin."""
    allowed = frozenset(origins)

    def preflight() -> Response | None:
        # No key is asked for: browsers send none with a preflight.
        if request.method != "OPTIONS" or not request.path.startswith(PREFIXES):
            return None
        return Response(status=204)

    def mark(response: Response) -> Response:
        # The request itself: each look through the proxy costs three calls.
        here: Request = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (werkzeug documents it)
        if here.path.startswith(PREFIXES):
            _mark(response, allowed, here)
        return response

    app.before_request(preflight)
    app.after_request(mark)


def _mark(response: Response, allowed: frozenset[str], request: Request) -> None:
    origin = request.headers.get("Origin")
    if ANY_ORIGIN in allowed:
        response.headers.add("Access-Control-Allow-Origin", ANY_ORIGIN)
    else:
        # Caches must not give one origin's answer to another.
        response.headers.add("Vary", "Origin")
        if origin is None or origin not in allowed:
            return
        response.headers.add("Access-Control-Allow-Origin", origin)
    response.headers.add("Access-Control-Expose-Headers", "Retry-After")
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = HEADERS
        response.headers["Access-Control-Max-Age"] = MAX_AGE
