"""The OpenAPI document, and registration of the blueprints that it describes."""

from __future__ import annotations

import http
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]
from marshmallow import Schema
from marshmallow import fields as ma
from werkzeug.routing import BaseConverter

from nudge.api import docs, health, sdk
from nudge.api.accounts import audit, users
from nudge.api.alarms import alarms, quarantines, system
from nudge.api.auth import HEADER, PARAMETER
from nudge.api.care import (
    measures,
    warning_factors,
    warnings,
    winback,
    winback_causes,
    work_setup,
    worklist,
    worklist_changes,
)
from nudge.api.ofrep import flags
from nudge.api.operation import EXTERNAL_ID, RETRY_AFTER, check_rules, header
from nudge.api.people import (
    case_visitor,
    contact_checks,
    contact_policy,
    next_offer,
    segments,
    visitors,
)
from nudge.api.plans import send_forecasts, timings, withdrawals
from nudge.api.provider import dumps
from nudge.api.reports import (
    experience,
    funnel,
    lookups,
    loop,
    model,
    overview,
    reports,
    send_effects,
    shared,
    winback_effect,
)
from nudge.api.schemas.decisions import ANY
from nudge.api.schemas.examples import add_examples
from nudge.api.serving import decisions, events
from nudge.api.slots import eligible, policies, previews, slots

OPENAPI: Final = "3.1.0"
VERSION: Final = "1.0.0"
"""Version of the HTTP interface; its first part is in the paths."""
BLUEPRINTS: Final = (
    decisions.blueprint,
    events.blueprint,
    flags.blueprint,
    slots.blueprint,
    policies.blueprint,
    previews.blueprint,
    eligible.blueprint,
    model.blueprint,
    reports.blueprint,
    funnel.blueprint,
    experience.blueprint,
    loop.blueprint,
    winback_effect.blueprint,
    shared.blueprint,
    visitors.blueprint,
    case_visitor.blueprint,
    next_offer.blueprint,
    segments.blueprint,
    timings.blueprint,
    warnings.blueprint,
    measures.blueprint,
    work_setup.blueprint,
    worklist.blueprint,
    worklist_changes.blueprint,
    warning_factors.blueprint,
    winback.blueprint,
    winback_causes.blueprint,
    withdrawals.blueprint,
    contact_checks.blueprint,
    contact_policy.blueprint,
    send_forecasts.blueprint,
    send_effects.blueprint,
    quarantines.blueprint,
    lookups.blueprint,
    alarms.blueprint,
    users.blueprint,
    overview.blueprint,
    audit.blueprint,
    system.blueprint,
    health.blueprint,
)
LIBRARY: Final = frozenset({"docs.static"})
"""Public endpoints that flask adds itself."""

ABOUT: Final = """Every decision is a draw from a known distribution, logged before it is answered.

`x-scopes` lists the scopes of an operation: any of them suffices, and none includes another."""

SERVERS: Final = [
    {"url": "/", "description": "the service that gave this document"},
    {"url": "http://127.0.0.1:8000", "description": "`make run` and `make demo`"},
]
ERROR_HEADERS: Final[Mapping[int, Mapping[str, Any]]] = {
    401: {"WWW-Authenticate": header("`Bearer`")},
    405: {"Allow": header("methods that the path knows")},
    429: {"Retry-After": RETRY_AFTER},
    503: {"Retry-After": RETRY_AFTER},
}
"""Status of an error -> headers of its answer."""

SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": HEADER},
    "query": {"type": "apiKey", "in": "query", "name": PARAMETER},
}


class ErrorSchema(Schema):
    """An error: a stable code for programs and a message for people."""

    code = ma.String(required=True, metadata={"description": "stable code, for programs"})
    message = ma.String(required=True, metadata={"description": "explanation, for people"})
    errors = ma.Raw(metadata={"description": "field -> messages about its value"})


class ExternalIdConverter(BaseConverter):
    """The rest of a path as an external id, whatever stands in it: ids may hold slashes."""

    part_isolating = False
    regex = "(?s:.+)"
    weight = 200


class NudgeApi(Api):  # type: ignore[misc]  # flask-smorest publishes no types
    """flask-smorest's Api, which writes the document, with this service's form of errors."""

    ERROR_SCHEMA = ErrorSchema
    # Each status that an operation can answer is listed; there is nothing left for a default.
    DEFAULT_ERROR_RESPONSE_NAME = None


def describe(app: Flask) -> None:
    """Register all blueprints, and serve the document at /openapi.json and the page at /docs."""
    # A redirect would lose a body, and two slashes in an id are two.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters[EXTERNAL_ID] = ExternalIdConverter
    for blueprint in (*BLUEPRINTS, docs.blueprint, sdk.blueprint):
        app.register_blueprint(blueprint)
    check_rules(app, LIBRARY)
    app.extensions[docs.DOCUMENT] = written


@cache
def written() -> bytes:
    """Return the document, which is the same for all apps.

    It is made when it is first asked for: few processes ever are, and making it takes memory that
    a process does not give back.
    """
    app = Flask("document", static_folder=None)
    app.config |= {
        "API_TITLE": "Nudge",
        "API_VERSION": VERSION,
        "OPENAPI_VERSION": OPENAPI,
        "API_SPEC_OPTIONS": {"info": {"description": ABOUT}, "servers": SERVERS},
    }
    app.url_map.converters[EXTERNAL_ID] = ExternalIdConverter
    api = NudgeApi(app)
    api.register_converter(ExternalIdConverter, _external_id)
    api.ma_plugin.converter.add_attribute_function(_openapi_attributes)
    for name, scheme in SECURITY.items():
        api.spec.components.security_scheme(name, scheme)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return dumps(_complete(api.spec.to_dict()))


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add to the document what flask-smorest has no words for."""
    answers = document["components"]["responses"]
    for status, headers in ERROR_HEADERS.items():
        answers[http.HTTPStatus(status).name]["headers"] = headers
    schemas = document["components"]["schemas"]
    for name in list(schemas):
        schemas[name] = _named(schemas[name], schemas)
    document["paths"] = _named(document["paths"], schemas)
    add_examples(document)
    return document


def _named(part: Any, schemas: dict[str, Any]) -> Any:  # noqa: ANN401 (any part of the document)
    """Return a part of the document with its titled schemas moved to the others, by their titles.

    Generated clients name a class by the place of a schema that has none.
    """
    if isinstance(part, list):
        return [_named(one, schemas) for one in part]
    if not isinstance(part, dict):
        return part
    found = {name: _named(one, schemas) for name, one in part.items()}
    if found.get("type") == ANY and "anyOf" in found:
        del found["type"]  # says no more, and generated clients make a class of each
    if "title" not in found or "type" not in found:
        return found
    schemas[found["title"]] = found
    return {"$ref": f"#/components/schemas/{found['title']}"}


def _external_id(_: object) -> dict[str, Any]:
    return {"type": "string", "minLength": 1}


def _openapi_attributes(_: object, field: ma.Field[Any], **__: object) -> dict[str, Any]:
    """Return the OpenAPI attributes of a field that marshmallow has no words for."""
    found: dict[str, Any] = getattr(field, "openapi", {})
    return dict(found)
