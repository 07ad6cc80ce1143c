"""JSON encoding of the service: orjson, and the standard library for values that it refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider

MIMETYPE = "application/json"


def dumps(value: object) -> bytes:
    """Encode a value as JSON.

    Error answers repeat values of the caller, which orjson may refuse: half a surrogate pair, a
    number beyond 64 bits. The standard library writes such values.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return json.dumps(value, default=str).encode()


def answer(value: object, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(dumps(value), status, mimetype=MIMETYPE)


class OrjsonProvider(JSONProvider):
    """Flask's JSON provider, so that Flask and its extensions use this encoding."""

    def dumps(self, obj: Any, **_: Any) -> str:  # noqa: ANN401 (Flask's own signature)
        """Encode a value as text; options of the standard library are ignored."""
        return dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:  # noqa: ANN401 (Flask's own signature)
        """Decode a text.

        Raises:
            ValueError: the text is not JSON.
        """
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 (Flask's own signature)
        """Return the response of `jsonify` and of returned dictionaries."""
        return answer(self._prepare_response_obj(args, kwargs))
