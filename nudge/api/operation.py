"""Registration of endpoints with their scopes, bodies and answers, in one place.

The lines that enforce the scopes also write them into the OpenAPI document: both always agree.
"""

from __future__ import annotations

import http
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from types import MappingProxyType
from typing import Any, Final

from flask import Flask, Request, Response, g, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema

from nudge.api.auth import CALLER, PARAMETER, authorise
from nudge.api.provider import MIMETYPE
from nudge.api.service import current
from nudge.api.user_calls import is_noted, note_call
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.journal.caller import Caller, Scope
from nudge.errors import InvalidRequestError, UnauthenticatedError

View = Callable[..., Response]
Described = type[Schema] | Mapping[str, Any]
"""A schema, or a literal part of the OpenAPI document."""

NONE: Final[Mapping[int, Mapping[str, Any]]] = MappingProxyType({})
RULE: Final = "_nudge_scopes"
EXTERNAL_ID: Final = "external_id"
"""Converter of paths that end in an external id: all that follows, slashes included."""
ALWAYS: Final = frozenset({400, 408, 413, 414, 422, 431})
"""Statuses of requests that are none, too slow or too large, or have unknown parameters."""
PATH_ERRORS: Final = frozenset({404, 405})
"""Statuses of paths with a part that names nothing: with a slash in it, it may be another path."""
KEY_ERRORS: Final = frozenset({401, 403, 429, 503})
BODY_ERRORS: Final = frozenset({415})


def operation(
    blueprint: Blueprint,
    endpoint: str,
    *,
    name: str,
    scopes: Sequence[Scope],
    answers: Mapping[int, Described],
    body: Mapping[str, Described] | None = None,
    errors: Sequence[int] = (),
    parameters: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[int, Mapping[str, Any]] = NONE,
    key_in_query: bool = False,
) -> Callable[[View], View]:
    """Register an endpoint, document it, and enforce its scopes.

    Args:
        blueprint: group of the endpoint.
        endpoint: method and path, such as `GET /v1/slots`.
        name: verb and noun, such as `listSlots`: what generated clients call it.
        scopes: any of them suffices; none makes the endpoint public.
        answers: status -> schema of the answer, without errors.
        body: content type -> schema of the body.
        errors: statuses of errors besides those that parameters, scopes and body imply.
        parameters: query parameters, as the OpenAPI document writes them; others are refused.
        headers: status -> headers of the answer, as the document writes them.
        key_in_query: the key may also come as `?key=`.
    """
    implied = _errors_of(endpoint, scopes, has_body=body is not None)
    document: dict[str, Any] = {
        "operationId": name,
        "x-scopes": list(scopes),
        "security": _security(key_in_query=key_in_query) if scopes else [],
        "responses": _responses(answers, implied.union(errors), headers),
    }
    if parameters:
        document["parameters"] = [dict(one) for one in parameters]
    if body:
        content = {kind: {"schema": _plain(what)} for kind, what in body.items()}
        document["requestBody"] = {"required": True, "content": content}
    noted = is_noted(endpoint, name)
    known = [str(one["name"]) for one in parameters if one["in"] == "query"]
    taken = frozenset([*known, PARAMETER] if key_in_query else known)

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 (whatever the path holds)
            # The request itself: each look through the proxy costs three calls.
            here = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (werkzeug documents it)
            if scopes:
                service = current()
                try:
                    found = g.caller = authorise(here, service, name, scopes, in_query=key_in_query)
                except UnauthenticatedError:
                    service.limiter.count_failure(here.environ)
                    raise
                if service.limiter.counts_calls:
                    service.limiter.count_call(found)
            if here.query_string:
                _check_query(here, taken)
            response = view(*args, **kwargs)
            if noted and CALLER in here.environ:
                note_call(here, name)
            return response

        # Where flask-smorest's blueprints look; its own decorators would also work at each call.
        wrapper.__dict__["_apidoc"] = {"manual_doc": document}
        wrapper.__dict__[RULE] = tuple(scopes)
        method, path = endpoint.split()
        blueprint.add_url_rule(path, view_func=wrapper, methods=[method])
        del wrapper.__dict__["_apidoc"]  # the blueprint has taken a copy
        return wrapper

    return decorate


def open_to_all(view: View) -> View:
    """Mark a view as public and undocumented."""
    view.__dict__[RULE] = ()
    return view


def check_rules(app: Flask, library: Collection[str]) -> None:
    """Check that every endpoint has a rule about its callers.

    Args:
        app: app with every blueprint registered.
        library: endpoints of libraries that are meant to be public.

    Raises:
        RuntimeError: endpoints without a rule, by name.
    """
    views = app.view_functions.items()
    bare = sorted(name for name, view in views if not hasattr(view, RULE) and name not in library)
    if bare:
        raise RuntimeError(f"no rule says who may call {', '.join(bare)}; use @operation")


def resource(name: str, description: str) -> Blueprint:
    """Create a group of endpoints, as the document shows it."""
    return Blueprint(name, __name__, description=description)


def caller() -> Caller:
    """Return the caller of the current request."""
    found: Caller = g.caller
    return found


def query_parameter(name: str, text: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 (OpenAPI's words)
    """Describe a query parameter for the document; its type is text unless `schema` says more."""
    return {
        "in": "query",
        "name": name,
        "description": text,
        "schema": {"type": "string"} | schema,
    }


def header(text: str, kind: str = "string") -> dict[str, Any]:
    """Describe a header that an answer always has, for the document."""
    return {"description": text, "required": True, "schema": {"type": kind}}


RETRY_AFTER: Final = header("seconds after which the call may be repeated", "integer")
REPEATED: Final = frozenset({"where"})
"""Parameters that may come several times: each adds to the others."""
LATER: Final = {"Retry-After": RETRY_AFTER, "Location": header("path of the job")}
"""Headers of an answer that names a job."""


def _check_query(here: Request, taken: Collection[str]) -> None:
    """Refuse parameters that would be ignored: a filter that nobody reads looks like an answer."""
    errors = {}
    for name in here.args:
        if name not in taken:
            errors[name] = [f"unknown parameter; {_cure(name, taken)}"]
        elif name not in REPEATED and len(here.args.getlist(name)) > 1:
            errors[name] = ["is given twice; give it once"]
    if errors:
        text = "; ".join(f"{name}: {told[0]}" for name, told in errors.items())
        raise InvalidRequestError(text, errors)


def _cure(name: str, taken: Collection[str]) -> str:
    named = sorted(set(taken) - {PARAMETER})
    return suggestion(name, named) if named else "this path takes none"


def _errors_of(endpoint: str, scopes: Sequence[Scope], *, has_body: bool) -> frozenset[int]:
    """Return the statuses of errors that an operation can answer because of what it is like."""
    known = ALWAYS
    if "<" in endpoint:
        known |= PATH_ERRORS
    if scopes:
        known |= KEY_ERRORS
    return known | BODY_ERRORS if has_body else known


def _responses(
    answers: Mapping[int, Described],
    errors: Collection[int],
    headers: Mapping[int, Mapping[str, Any]],
) -> dict[int, dict[str, Any] | str]:
    given: dict[int, dict[str, Any] | str] = {
        status: _response(status, what)
        | ({"headers": headers[status]} if status in headers else {})
        for status, what in answers.items()
    }
    return given | {s: http.HTTPStatus(s).name for s in sorted(errors) if s not in given}


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
