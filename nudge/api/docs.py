"""GET /docs: the OpenAPI document as a page. Everything it needs is served from here."""

from __future__ import annotations

from importlib import resources
from typing import Final

from flask import Blueprint, Response

from nudge.api.operation import open_to_all

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No script and no style that stands in the page itself, and nothing from elsewhere."""

blueprint = Blueprint("docs", __name__, static_folder="static/docs", static_url_path="/docs/assets")


@blueprint.get("/docs")
@open_to_all
def page() -> Response:
    """The page that shows the document."""
    text = resources.files("nudge.api").joinpath("static", "docs", "index.html").read_bytes()
    return Response(text, mimetype="text/html")


@blueprint.after_request
def protect(response: Response) -> Response:
    """Let the page run our own files only."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
