"""An API that answers as the examples of its document say, for the looks of pages with figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from page_site import PageSite, _door

from nudge.api.schemas.examples import FOLDER
from nudge.pages.access import EXTENSION
from nudge.pages.app import create_pages
from nudge.pages.screens import BLUEPRINTS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class ExampleApi:
    """A WSGI application whose answers are those of the document.

    Args:
        answers: path -> operation whose example is answered, or the answer itself.
    """

    def __init__(self, answers: Mapping[str, str | Mapping[str, Any]]) -> None:
        self._answers = answers

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer by the path alone."""
        found = self._answers.get(environ["PATH_INFO"])
        body = example(found) if isinstance(found, str) else found
        status = "404 NOT FOUND" if body is None else "200 OK"
        start(status, [("Content-Type", "application/json")])
        return [orjson.dumps(body or {"code": "not_found", "message": "no example"})]


def example(operation: str) -> Any:
    """The example answer of an operation."""
    return orjson.loads(FOLDER.joinpath(f"{operation}.json").read_bytes())["answer"]


def example_site(site: PageSite, answers: Mapping[str, str | Mapping[str, Any]]) -> PageSite:
    """A site whose pages stand before such an API, with the users of another site."""
    parts = replace(site.app.extensions[EXTENSION], api=ExampleApi(answers))
    app = create_pages(parts, (*BLUEPRINTS, _door()))
    app.testing = True
    return PageSite(site.web, app)
