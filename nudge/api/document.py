"""The OpenAPI document, and registration of the blueprints that it describes."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]
from marshmallow import Schema
from marshmallow import fields as ma
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from nudge.api import (
    decisions,
    docs,
    events,
    funnel,
    health,
    reports,
    slots,
    timings,
    visitors,
    withdrawals,
)
from nudge.api.auth import HEADER, PARAMETER
from nudge.api.errors import http_answer
from nudge.api.operation import EXTERNAL_ID, check_rules

OPENAPI: Final = "3.1.0"
VERSION: Final = "1.0.0"
"""Version of the HTTP interface; its first part is in the paths."""
BLUEPRINTS: Final = (
    decisions.blueprint,
    events.blueprint,
    slots.blueprint,
    reports.blueprint,
    funnel.blueprint,
    visitors.blueprint,
    timings.blueprint,
    withdrawals.blueprint,
    health.blueprint,
)
LIBRARY: Final = frozenset({"api-docs.openapi_json", "docs.static"})
"""Public endpoints that flask and flask-smorest add themselves."""

ABOUT: Final = """Every decision is a draw from a known distribution, logged before it is answered.

`x-scopes` lists the scopes of an operation: any of them suffices, and none includes another."""

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
    """flask-smorest's Api with this service's form of errors."""

    ERROR_SCHEMA = ErrorSchema
    # Each status that an operation can answer is listed; there is nothing left for a default.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Return Flask's own errors in the service's form."""
        return http_answer(error)


def describe(app: Flask) -> None:
    """Register all blueprints, and serve the document at /openapi.json and the page at /docs."""
    app.config |= {
        "API_TITLE": "Nudge",
        "API_VERSION": VERSION,
        "OPENAPI_VERSION": OPENAPI,
        "OPENAPI_URL_PREFIX": "/",
        "API_SPEC_OPTIONS": {"info": {"description": ABOUT}},
    }
    # A redirect would lose a body, and two slashes in an id are two.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.url_map.converters[EXTERNAL_ID] = ExternalIdConverter
    api = NudgeApi(app)
    api.register_converter(ExternalIdConverter, _external_id)
    api.ma_plugin.converter.add_attribute_function(_openapi_attributes)
    for name, scheme in SECURITY.items():
        api.spec.components.security_scheme(name, scheme)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs.blueprint)
    check_rules(app, LIBRARY)


def _external_id(_: object) -> dict[str, Any]:
    return {"type": "string", "minLength": 1}


def _openapi_attributes(_: object, field: ma.Field[Any], **__: object) -> dict[str, Any]:
    """Return the OpenAPI attributes of a field that marshmallow has no words for."""
    found: dict[str, Any] = getattr(field, "openapi", {})
    return dict(found)
