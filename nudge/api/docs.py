"""Endpoints GET /openapi.json and GET /docs: the OpenAPI document, and a page that shows it.

All files of the page are served from here.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from flask import Blueprint, Response, current_app

from nudge.api.operation import open_to_all
from nudge.api.provider import MIMETYPE

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy: no inline script or style, and nothing from other hosts."""

DOCUMENT: Final = "nudge-document"
"""Extension of an app that holds its OpenAPI document, as bytes."""

blueprint = Blueprint("docs", __name__, static_folder="static/docs", static_url_path="/docs/assets")


@blueprint.get("/openapi.json")
@open_to_all
def document() -> Response:
    """Return the OpenAPI document."""
    return Response(current_app.extensions[DOCUMENT], mimetype=MIMETYPE)


@blueprint.get("/docs")
@open_to_all
def page() -> Response:
    """Return the page that shows the OpenAPI document."""
    text = resources.files("nudge.api").joinpath("static", "docs", "index.html").read_bytes()
    return Response(text, mimetype="text/html")


@blueprint.after_request
def protect(response: Response) -> Response:
    """Add headers that restrict the page to our own files."""
    response.headers["Content-Security-Policy"] = POLICY
    return response
