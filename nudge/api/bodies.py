"""Reading the body of a request."""

from __future__ import annotations

from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from nudge.api.errors import BadJsonError
from nudge.errors import InvalidRequestError


def json_table(limit: int, *, any_type: bool = False) -> dict[str, Any]:
    """The body, a JSON object.

    Args:
        limit: largest body, in bytes.
        any_type: whatever the Content-Type says: a beacon can not choose its own.

    Raises:
        BadJsonError: it is no JSON, or holds a number or text that JSON has not (NaN, half a pair).
        InvalidRequestError: it is JSON, but no object.
        UnsupportedMediaType: it calls itself something else.
    """
    request.max_content_length = limit
    if not (any_type or request.is_json):
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise BadJsonError(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequestError("the body is no JSON object")
    return body
