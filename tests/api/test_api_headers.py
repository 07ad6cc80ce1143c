"""Headers of answers: whatever the path, the method and the status are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from api_web import Web, bearer, served
from werkzeug.test import TestResponse

from nudge.settings.settings import Settings

SHOP = {"Origin": "https://shop.example"}
ASKED = [
    *(("GET", path) for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")),
    *(("GET", path) for path in ("/v1/slots", "/v1/slots/none", "/v1/nothing", "/nothing", "//")),
    *(("OPTIONS", path) for path in ("/healthz", "/v1/slots", "/ofrep/v1/x", "/nothing")),
    *((method, "/v1/decisions") for method in ("GET", "HEAD", "TRACE", "PROPFIND", "FOO")),
    *((method, "/healthz") for method in ("POST", "HEAD", "FOO")),
    ("GET", "/v1/pixel"),
    ("GET", "/docs/assets/nothing.js"),
]


@pytest.mark.parametrize("headers", [{}, SHOP])
def test_s12_no_answer_is_kept_or_guessed(web: Web, headers: dict[str, str]) -> None:
    """`no-store` and `nosniff` once each, with and without a key, in errors and preflights."""
    web.app.testing = False
    web.app.view_functions["slots.every"] = lambda: 1 / 0
    for key in ({}, bearer(web.service.settings.admin_key)):
        for method, path in ASKED:
            answer = web.http.open(path, method=method, headers=headers | key)
            assert is_private(answer), f"{method} {path}"
    assert is_private(web.post("/v1/decisions", {"x": "x" * web.service.settings.max_body}))


def is_private(answer: TestResponse) -> bool:
    """Nobody may keep the answer, or guess its kind."""
    keeping = answer.headers.getlist("Cache-Control")
    return (keeping, answer.headers.getlist("X-Content-Type-Options")) == (
        ["no-store"],
        ["nosniff"],
    )


def test_s12_files_of_the_document_s_page_may_be_kept(web: Web) -> None:
    """They are the same for everybody; their kind is not guessed either."""
    answer = web.http.get("/docs/assets/start.js")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["FOO", "PROPFIND", "TRACE", "M-SEARCH", "LOCK"])
def test_s13_an_unknown_method_has_the_one_form(web: Web, method: str) -> None:
    """405 with `Allow` where the path is known, 404 elsewhere; JSON and never a page."""
    for path, status in (("/v1/decisions", 405), ("/healthz", 405), ("/docs", 405), ("/x", 404)):
        answer = web.http.open(path, method=method)
        assert (answer.status_code, answer.mimetype) == (status, "application/json")
        assert set(answer.json) == {"code", "message"}
        assert ("Allow" in answer.headers) == (status == 405)


def words(answer: TestResponse, name: str) -> set[str]:
    """The words of a header with a list."""
    return {word.strip() for word in answer.headers.get(name, "").split(",")}


def test_s13_pages_of_other_origins_can_edit(web: Web) -> None:
    """All that a change needs may be sent, and all that its answer says may be read."""
    asked = SHOP | {"Access-Control-Request-Method": "PATCH"}
    preflight = web.http.options("/v1/slots/banner", headers=asked)
    assert preflight.status_code == 204
    assert {"PUT", "PATCH", "DELETE"} <= words(preflight, "Access-Control-Allow-Methods")
    sent = {"If-Match", "If-None-Match", "Content-Encoding", "Content-Type", "X-API-Key"}
    assert sent <= words(preflight, "Access-Control-Allow-Headers")
    assert int(preflight.headers["Access-Control-Max-Age"]) > 0
    answer = web.http.get("/v1/slots/banner", headers=SHOP | bearer(web.secrets["read"]))
    assert answer.headers["ETag"]
    told = {"ETag", "Retry-After", "Location", "Allow"}
    assert told <= words(answer, "Access-Control-Expose-Headers")


def test_s13_an_origin_that_is_allowed_is_named(settings: Settings) -> None:
    """`Vary` is there for every origin and without one; only the allowed one gets leave."""
    for web in served(replace(settings, cors_origins=("https://shop.example",))):
        for method in ("GET", "OPTIONS"):
            for headers in (SHOP, {"Origin": "https://evil.example"}, {}):
                answer = web.http.open("/v1/slots/banner", method=method, headers=headers)
                assert "Origin" in words(answer, "Vary")
                leave = SHOP["Origin"] if headers is SHOP else None
                assert answer.headers.get("Access-Control-Allow-Origin") == leave
                assert ("ETag" in words(answer, "Access-Control-Expose-Headers")) == bool(leave)


def test_options_of_a_path_tells_its_methods(web: Web) -> None:
    """A caller that is no page is told `Allow`, and nothing more."""
    answer = web.http.options("/v1/slots/banner")
    assert (answer.status_code, answer.data, answer.content_type) == (204, b"", None)
    assert {"GET", "PUT", "PATCH", "OPTIONS"} <= words(answer, "Allow")
