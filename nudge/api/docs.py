"""Endpoint GET /docs: the OpenAPI document as a page, with all its files served locally."""

from __future__ import annotations

from importlib import resources
from typing import Final

from flask import Blueprint, Response

from nudge.api.operation import open_to_all

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy: no inline script or style, and nothing from other hosts."""

blueprint = Blueprint("docs", __name__, static_folder="static/docs", static_url_path="/docs/assets")


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
