"""JSON as the service reads and writes it: orjson, and what to do with what orjson cannot say."""

from __future__ import annotations

import json
from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider

MIMETYPE = "application/json"


def dumps(value: object) -> bytes:
    """The value as JSON.

    Error answers repeat what a caller sent, and that may be what orjson refuses: half a surrogate
    pair, a number beyond 64 bits. The standard library writes such values.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return json.dumps(value, default=str).encode()


def answer(value: object, status: int = 200) -> Response:
    """A JSON response."""
    return Response(dumps(value), status, mimetype=MIMETYPE)


class OrjsonProvider(JSONProvider):
    """Makes Flask and its extensions use the same JSON."""

    def dumps(self, obj: Any, **_: Any) -> str:  # noqa: ANN401 (Flask's own signature)
        """The value as text; options of the standard library are not taken."""
        return dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:  # noqa: ANN401 (Flask's own signature)
        """The value of a text.

        Raises:
            ValueError: it is no JSON.
        """
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 (Flask's own signature)
        """What `jsonify` and returned dictionaries become."""
        return answer(self._prepare_response_obj(args, kwargs))
