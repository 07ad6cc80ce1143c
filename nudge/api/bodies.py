"""Request bodies: inflating, reading and bounding of JSON."""

from __future__ import annotations

import io
import json
import re
from typing import IO, Any, Final, Never, cast

import orjson
from flask import Request, request
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from nudge.api.errors import BadJsonError
from nudge.api.inflater import ENCODINGS, GZIP_START, Inflater, InflatingStream
from nudge.errors import InvalidRequestError

EXACT: Final = 20
"""Digits from which on a whole number is read as a float, as orjson does."""
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\."
)
"""An escape in JSON's text; the group is half a surrogate pair."""


def json_table(limit: int, *, any_type: bool = False) -> dict[str, Any]:
    """Read the request's body, a JSON object.

    Args:
        limit: largest body, in bytes, as it is sent and as it becomes.
        any_type: accept any Content-Type: a beacon cannot choose its own.

    Raises:
        BadJsonError: the body is not JSON, or holds a number that JSON lacks (NaN).
        BadCompressionError: the body is compressed, and broken.
        InvalidRequestError: the body is JSON, but not an object.
        RequestEntityTooLarge: the body is too large, or becomes so.
        UnsupportedMediaType: the Content-Type is not JSON, or the Content-Encoding is unknown.
    """
    # The request itself: each look through the proxy costs three calls.
    here: Request = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (werkzeug documents it)
    if not (any_type or here.is_json):
        raise UnsupportedMediaType("send JSON, with Content-Type: application/json")
    raw = _sent_bytes(here, limit)
    kind = _compression(here)
    # A beacon cannot say that it is compressed: its bytes do.
    if kind or raw[:2] == GZIP_START:
        raw = _inflated(raw, kind or "gzip", limit)
    try:
        body = read_json(raw)
    except BadJsonError as error:
        raise BadJsonError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequestError("the body is not a JSON object")
    return body


def body_stream() -> IO[bytes]:
    """Return the request's body as a stream of plain bytes, inflated where it is compressed.

    Reading it raises `BadCompressionError` or `RequestEntityTooLarge` where the body is broken.

    Raises:
        UnsupportedMediaType: the Content-Encoding is unknown.
    """
    kind = _compression(request)
    source = cast("IO[bytes]", SentStream(request.stream))
    # Of a file that is only read, both have all.
    return source if kind is None else cast("IO[bytes]", InflatingStream(source, kind))


class BrokenBodyError(InvalidRequestError):
    """The body did not come as its headers and chunks say."""

    code = "broken_body"


class SentStream(io.RawIOBase):
    """The stream of a body that is told as broken where the server cannot read it.

    Args:
        source: the server's own stream.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes; none at the end.

        Raises:
            BrokenBodyError: a chunk is none, or the sender went away.
        """
        try:
            return self._source.read(size)
        except Exception as error:  # any: WSGI names none, each server raises its own
            raise _reading_error(error) from error


def _sent_bytes(here: Request, limit: int) -> bytes:
    # Of a body without a length werkzeug reads as much as it may, and drops the rest unsaid.
    here.max_content_length = limit + 1
    try:
        raw = here.get_data()
    except Exception as error:  # any: WSGI names none, each server raises its own
        raise _reading_error(error) from error
    if len(raw) > limit:
        raise RequestEntityTooLarge
    return raw


def _reading_error(error: Exception) -> Exception:
    """Return what to tell the caller: each server has errors of its own for what was sent."""
    if isinstance(error, HTTPException) and not isinstance(error, ClientDisconnected):
        return error
    return BrokenBodyError("the body is cut short, or a chunk of it is broken; send it again")


def read_json(raw: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    """Decode JSON, whatever its texts and numbers hold: what does not fit costs its field alone.

    Text that is none (half an emoji, bytes that are not UTF-8) becomes U+FFFD; a number beyond all
    floats is infinite.

    Raises:
        BadJsonError: it is not JSON; the text says where.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        # Only here: what is in order costs nothing more.
        text = _mended(raw)
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return _read_far_numbers(text, error)


def _read_far_numbers(text: str, problem: Exception) -> Any:  # noqa: ANN401 (any JSON value)
    """Decode JSON with numbers that orjson refuses (1e400); others as orjson does.

    Raises:
        BadJsonError: it is not JSON, but for such numbers.
    """
    try:
        return json.loads(text, parse_int=_whole, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadJsonError(str(problem)) from problem


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < EXACT else float(digits)


def _refuse_constant(word: str) -> Never:
    raise ValueError(word)  # NaN is not JSON


def _mended(raw: bytes) -> str:
    text = raw.decode("utf-8-sig", "replace")
    return _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text)


def _compression(here: Request) -> str | None:
    """Return the kind of compression that the request names; None without one."""
    given = here.headers.get("Content-Encoding")
    if given is None:
        return None
    words = [word.strip().lower() for word in given.split(",")]
    words = [word for word in words if word not in {"", "identity"}]
    if not words:
        return None
    if len(words) > 1 or words[0] not in ENCODINGS:
        raise UnsupportedMediaType("use Content-Encoding: gzip or deflate, or none")
    return ENCODINGS[words[0]]


def _inflated(raw: bytes, kind: str, limit: int) -> bytes:
    inflater = Inflater(kind, limit)
    found = inflater.feed(raw)
    inflater.close()
    return found
