"""The cost of a decision in function calls: a count that a busy machine cannot blur."""

from __future__ import annotations

import cProfile
import io
import json
import pstats
from typing import Any

from api_web import Web

MOST = 1600
"""Calls of Python and of C that one page of three slots may take, from WSGI to the answer."""
PAGES = 50


def page(web: Web, visitor: str) -> None:
    """A page with three slots, through the app as a server calls it."""
    body = {"visitor_id": visitor, "channel": "web", "page": "home"}
    sent = json.dumps(body | {"slots": ["denomination", "prefill", "banner"]}).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/decisions",
        "SERVER_NAME": "test",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(sent)),
        "HTTP_AUTHORIZATION": f"Bearer {web.secrets['decide']}",
        "wsgi.input": io.BytesIO(sent),
        "wsgi.url_scheme": "http",
    }
    statuses: list[str] = []
    answer = web.app(environ, lambda status, *_: statuses.append(status))
    assert b"decision_id" in b"".join(answer)
    assert statuses == ["200 OK"]


def test_a_decision_takes_few_calls(web: Web) -> None:
    """A three-slot decision of a new visitor takes at most 1,600 function calls, HTTP included."""
    for number in range(10):
        page(web, f"warm-{number}")
    profile = cProfile.Profile()
    profile.enable()
    for number in range(PAGES):
        page(web, f"new-{number}")
    profile.disable()
    calls = pstats.Stats(profile).total_calls / PAGES  # type: ignore[attr-defined]
    assert calls <= MOST, f"{calls:.0f} calls"
