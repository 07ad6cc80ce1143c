"""Request bodies: reading and bounding of JSON."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from nudge.api.errors import BadJsonError
from nudge.errors import InvalidRequestError


def json_table(limit: int, *, any_type: bool = False) -> dict[str, Any]:
    """Read the request's body, a JSON object.

    Args:
        limit: largest body, in bytes.
        any_type: accept any Content-Type: a beacon cannot choose its own.

    Raises:
        BadJsonError: the body is not JSON, or holds a number or text that JSON lacks (NaN, half a
            surrogate pair).
        InvalidRequestError: the body is JSON, but not an object.
        UnsupportedMediaType: the Content-Type is not JSON.
    """
    request.max_content_length = limit
    if not (any_type or request.is_json):
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise BadJsonError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequestError("the body is not a JSON object")
    return body
