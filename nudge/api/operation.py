"""One registration for each endpoint: who may call it, what it takes and what it may answer.

The same lines enforce the rule and write it into the OpenAPI document, so that they can not differ.
"""

from __future__ import annotations

import http
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any, Final

from flask import Flask, Response, g, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema

from nudge.api.auth import authorise
from nudge.api.provider import MIMETYPE
from nudge.api.service import current
from nudge.domain.journal.caller import Caller, Scope

View = Callable[..., Response]
Described = type[Schema] | Mapping[str, Any]
"""A schema, or a part of the OpenAPI document as it stands there."""

RULE: Final = "_nudge_scopes"
BODY_ERRORS: Final = (400, 413, 422)


def operation(
    blueprint: Blueprint,
    endpoint: str,
    *,
    scopes: Sequence[Scope],
    answers: Mapping[int, Described],
    body: Mapping[str, Described] | None = None,
    errors: Sequence[int] = (),
    parameters: Sequence[Mapping[str, Any]] = (),
    key_in_query: bool = False,
) -> Callable[[View], View]:
    """Register, document and guard an endpoint.

    Args:
        blueprint: that it belongs to.
        endpoint: method and path, such as `GET /v1/slots`.
        scopes: any of them suffices; none means that everybody may call.
        answers: status -> what is answered, for the statuses that are no errors.
        body: content type -> what is taken.
        errors: statuses besides those that scopes and body bring with them.
        parameters: of the query, as the OpenAPI document writes them.
        key_in_query: the key may also come as `?key=`.
    """
    document = _document(scopes, answers, body, errors, parameters, key_in_query=key_in_query)

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 (whatever the path holds)
            if scopes:
                # The request itself: each look through the proxy costs three calls.
                here = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (werkzeug documents it)
                g.caller = authorise(here, current(), scopes, in_query=key_in_query)
            return view(*args, **kwargs)

        # Where flask-smorest's blueprints look; its own decorators would also work at each call.
        wrapper.__dict__["_apidoc"] = {"manual_doc": document}
        wrapper.__dict__[RULE] = tuple(scopes)
        method, path = endpoint.split()
        blueprint.add_url_rule(path, view_func=wrapper, methods=[method])
        return wrapper

    return decorate


def open_to_all(view: View) -> View:
    """Mark a view that anybody may call and that the document leaves out."""
    view.__dict__[RULE] = ()
    return view


def check_rules(app: Flask, library: Collection[str]) -> None:
    """Refuse to serve an endpoint that nobody gave a rule.

    Args:
        app: with every blueprint registered.
        library: endpoints that others wrote, and that are meant to be public.

    Raises:
        RuntimeError: naming the endpoints.
    """
    views = app.view_functions.items()
    bare = sorted(name for name, view in views if not hasattr(view, RULE) and name not in library)
    if bare:
        raise RuntimeError(f"no rule says who may call {', '.join(bare)}; use @operation")


def resource(name: str, description: str) -> Blueprint:
    """A group of endpoints in the document."""
    return Blueprint(name, __name__, description=description)


def caller() -> Caller:
    """Who makes this request."""
    found: Caller = g.caller
    return found


def query_parameter(name: str, text: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 (OpenAPI's words)
    """A parameter of the query, as the document writes it; text unless `schema` says more."""
    return {
        "in": "query",
        "name": name,
        "description": text,
        "schema": {"type": "string"} | schema,
    }


def _document(
    scopes: Sequence[Scope],
    answers: Mapping[int, Described],
    body: Mapping[str, Described] | None,
    errors: Sequence[int],
    parameters: Sequence[Mapping[str, Any]],
    *,
    key_in_query: bool,
) -> dict[str, Any]:
    statuses = {*errors, *((401, 403, 503) if scopes else ()), *(BODY_ERRORS if body else ())}
    document: dict[str, Any] = {
        "x-scopes": list(scopes),
        "security": _security(key_in_query=key_in_query) if scopes else [],
        "responses": {status: _response(status, what) for status, what in answers.items()},
    }
    document["responses"] |= {s: http.HTTPStatus(s).name for s in sorted(statuses)}
    if parameters:
        document["parameters"] = [dict(one) for one in parameters]
    if body:
        content = {kind: {"schema": _plain(what)} for kind, what in body.items()}
        document["requestBody"] = {"required": True, "content": content}
    return document


def _security(*, key_in_query: bool) -> list[dict[str, list[str]]]:
    names = ("bearer", "header", "query") if key_in_query else ("bearer", "header")
    return [{name: []} for name in names]


def _response(status: int, what: Described) -> dict[str, Any]:
    content = _plain(what) if isinstance(what, Mapping) and "content" in what else None
    if content is None:
        content = {"content": {MIMETYPE: {"schema": _plain(what)}}}
    return {"description": http.HTTPStatus(status).phrase, **content}


def _plain(what: Described) -> Any:  # noqa: ANN401 (a schema class or a table)
    return dict(what) if isinstance(what, Mapping) else what
