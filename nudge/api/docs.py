"""Endpoints GET /openapi.json, GET /docs and GET /docs/statistics.md: what the API says and means.

The OpenAPI document, a page that shows it, and the definitions of all figures. All files of the
pages are served from here.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from flask import Blueprint, Response, current_app, request

from nudge.api.operation import open_to_all
from nudge.api.provider import MIMETYPE
from nudge.domain.figures.definitions import PAGE
from nudge.errors import InvalidRequestError

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy: no inline script or style, and nothing from other hosts."""

DOCUMENT: Final = "nudge-document"
"""Extension of an app that returns its OpenAPI document, as bytes."""

LANGUAGES: Final = ("en", "zh")

blueprint = Blueprint("docs", __name__, static_folder="static/docs", static_url_path="/docs/assets")


@blueprint.get("/openapi.json")
@open_to_all
def document() -> Response:
    """Return the OpenAPI document."""
    return Response(current_app.extensions[DOCUMENT](), mimetype=MIMETYPE)


@blueprint.get("/docs")
@open_to_all
def page() -> Response:
    """Return the page that shows the OpenAPI document."""
    text = resources.files("nudge.api").joinpath("static", "docs", "index.html").read_bytes()
    return Response(text, mimetype="text/html")


@blueprint.get(PAGE)
@open_to_all
def statistics() -> Response:
    """Return the paragraphs that define the figures, in the language of `lang` or of the browser.

    The path is that of the document in the repository, so that a link in an answer is both.
    """
    strange = next((name for name in request.args if name != "lang"), None)
    if strange is not None:
        raise InvalidRequestError(
            f"{strange}: unknown parameter; use lang", {strange: ["use lang"]}
        )
    language = request.args.get("lang") or request.accept_languages.best_match(LANGUAGES, "en")
    if language not in LANGUAGES:
        raise InvalidRequestError("lang: use en or zh", {"lang": ["use en or zh"]})
    page = resources.files("nudge.api").joinpath("static", "statistics", f"{language}.html")
    response = Response(page.read_bytes(), mimetype="text/html")
    response.vary.add("Accept-Language")
    return response


@blueprint.after_request
def protect(response: Response) -> Response:
    """Add headers that restrict the page to our own files."""
    response.headers["Content-Security-Policy"] = POLICY
    return response
