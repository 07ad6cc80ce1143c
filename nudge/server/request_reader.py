"""A reader of requests: bytes in, requests out. It knows no socket and no clock."""

from __future__ import annotations

import sys
from typing import Final

from nudge.server.http_parser import LONG_HEADERS, LONG_LINE, PARSE_ERRORS, PARSER
from nudge.server.limits import Limits
from nudge.server.refusal import RefusedError
from nudge.server.request import Request

PIECE: Final = 16_384
"""Bytes of one `feed`: what is read ahead of a request is never more."""
CHUNKED_PIECE: Final = 4096
"""Bytes of a chunked body that are parsed at once: the parser moves what follows each chunk."""
HEAD: Final = "head"
"""The part of a request that is awaited, until its head is complete."""


class RequestReader:
    """A reader of the requests of one connection, one after another, strict as RFC 9112 has it.

    Attributes:
        begun: whether a byte of the present request has come.
        head_read: whether its head is there.
        complete: whether all of it is there.
        oversize: whether its body is longer than any that is taken; it is not read on.
        streams: whether it is answered while its body comes, which may be of any length.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._body = bytearray()
        self._awaited = {HEAD}
        # The parser calls what refers to no reader: a circle would wait for the garbage collector,
        # which comes seldom, while clients come and go by the thousand.
        self._parser = PARSER(
            on_headers_complete=self._awaited.clear,
            on_body=self._body.extend,
            limit_request_line=limits.line,
            limit_request_fields=limits.fields,
            limit_request_field_size=limits.field,
        )
        self._fed = 0
        self._most = limits.body_bytes
        self.begun = self.head_read = self.complete = False
        self.oversize = self.streams = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes, at most `PIECE`.

        Raises:
            RefusedError: they are no request that is taken; the connection has to be closed.
        """
        self.begun = True
        step = CHUNKED_PIECE if self.head_read and self._parser.is_chunked else PIECE
        try:
            for place in range(0, len(data), step):
                self._parser.feed(data[place : place + step] if len(data) > step else data)
        except PARSE_ERRORS as error:
            raise _refusal(error, self._limits, in_body=self.head_read) from error
        self._fed += len(data)
        if not self.head_read:
            self._look_at_head()
        self.complete = self._parser.is_complete
        if len(self._body) > self._most:
            self.oversize = True

    def _look_at_head(self) -> None:
        """Check a head that has become complete, or how long it may still become.

        Raises:
            RefusedError: it is too long, or its framing is none that is taken.
        """
        parser = self._parser
        if self._awaited:
            if self._fed > self._limits.heads + PIECE:
                raise _long_head(self._limits)
            return
        self.head_read = True
        if self._fed > self._limits.heads and _size(parser.headers) > self._limits.heads:
            raise _long_head(self._limits)
        coding = parser.get_header(b"transfer-encoding")
        if coding is not None and coding.strip().lower() != b"chunked":
            raise RefusedError(400, "bad_request", "Transfer-Encoding has to be chunked")
        expected = parser.get_header(b"expect")
        if expected is not None and expected.strip().lower() != b"100-continue":
            raise RefusedError(417, "expectation_failed", "Expect has to be 100-continue")
        self.streams = self._is_for(*self._limits.stream)
        if self.streams:
            self._most = sys.maxsize
        self.oversize = (parser.content_length or 0) > self._most

    @property
    def ready(self) -> bool:
        """Whether the application may answer."""
        return self.complete or self.oversize or self.streams

    @property
    def held(self) -> int:
        """The number of bytes that wait here."""
        return len(self._body) if self.head_read else self._fed

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for 100 before it sends the body."""
        expected = self._parser.get_header(b"expect") is not None
        return expected and self._parser.http_version >= (1, 1) and not self.complete

    def request(self) -> Request:
        """Return the request as far as it has come; `take_body` has the rest."""
        parser = self._parser
        body = b"" if self.oversize and parser.content_length else self.take_body()
        return Request(
            parser.method,
            parser.path,
            parser.http_version,
            parser.headers,
            body,
            keeps=parser.should_keep_alive and self.complete,
            chunked=parser.is_chunked,
        )

    def take_body(self) -> bytes:
        """Return the bytes of the body that have come since the last call."""
        found = bytes(self._body)
        self._body.clear()
        return found

    def advance(self) -> bool:
        """Turn to the next request; return whether bytes of it are there already.

        Raises:
            RefusedError: these are no request that is taken.
        """
        rest = self._parser.remaining()
        self._parser.reset()
        self._body.clear()
        self._awaited.add(HEAD)
        self._fed, self._most = 0, self._limits.body_bytes
        self.begun = self.head_read = self.complete = False
        self.oversize = self.streams = False
        if rest:
            self.feed(rest)
        return bool(rest)

    def _is_for(self, method: bytes, path: bytes, kind: bytes) -> bool:
        parser = self._parser
        if parser.method != method or parser.path.partition(b"?")[0] != path:
            return False
        given: bytes = parser.get_header(b"content-type") or b""
        return given.partition(b";")[0].strip().lower() == kind


def _size(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _long_head(limits: Limits) -> RefusedError:
    message = f"the headers are longer than {limits.heads} bytes"
    return RefusedError(431, "request_header_fields_too_large", message)


def _refusal(error: Exception, limits: Limits, *, in_body: bool) -> RefusedError:
    if isinstance(error, LONG_LINE):
        return RefusedError(
            414, "request_uri_too_long", f"the request line is longer than {limits.line} bytes"
        )
    if isinstance(error, LONG_HEADERS):
        message = f"at most {limits.fields} header fields of {limits.field} bytes are taken"
        return RefusedError(431, "request_header_fields_too_large", message)
    if in_body:
        return RefusedError(400, "broken_body", "a chunk of the body is broken; send it again")
    # The parser's words may repeat the request, and a number may be in it.
    return RefusedError(400, "bad_request", "this is no valid HTTP/1.1 request")
