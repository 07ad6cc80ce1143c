"""Streams: requests that are answered while their bodies come, each by a thread of its own."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Final

from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from nudge.server.answer import Answer, Application
from nudge.server.connection import Connection
from nudge.server.refusal import RefusedError
from nudge.server.request import Environ, Request
from nudge.server.request_reader import PIECE

GONE: Final = (OSError, ClientDisconnected)
"""Errors that end a stream whose client has gone, or is silent."""


class StreamBody(io.RawIOBase):
    """The body of a request that is still coming; a read waits for its next bytes.

    Args:
        one: its connection, whose socket waits for a client that is silent, but not for ever.
        first: what has come with the head.

    Attributes:
        ended: whether the client ended it before its end, or was silent for too long.
    """

    def __init__(self, one: Connection, first: bytes) -> None:
        self._one = one
        self._left = first
        self.ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read what is there; 0 at the end.

        Raises:
            ClientDisconnected: the client has gone, or sent what is no body.
            RequestTimeout: the client was silent for too long.
        """
        while not self._left and not self._one.reader.complete:
            self._left = self._received()
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _received(self) -> bytes:
        try:
            data = self._one.sock.recv(PIECE)
            if data:
                self._one.reader.feed(data)
        except TimeoutError as error:
            self.ended = True
            raise RequestTimeout("the client was silent for too long") from error
        except (OSError, RefusedError) as error:
            self.ended = True
            raise ClientDisconnected from error
        if not data:
            self.ended = True
            raise ClientDisconnected
        return self._one.reader.take_body()


def stream_answer(
    app: Application, environ: Environ, request: Request, one: Connection, silence: float
) -> Answer:
    """Answer a request while its body comes; its connection serves no other.

    Raises:
        OSError: the client has gone, or takes nothing for too long.
        ClientDisconnected: the client broke the body off, whatever the application made of that.
    """
    one.sock.settimeout(silence)
    answer = Answer(request)
    environ["wsgi.input"] = body = StreamBody(one, request.body)
    pieces = app(environ, answer.start)
    try:
        _send(answer, pieces, one, chunked=request.version >= (1, 1))
    except Exception as error:
        if body.ended:
            raise ClientDisconnected from error
        raise
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
        one.sock.setblocking(False)
    return answer


def _send(answer: Answer, pieces: Iterable[bytes], one: Connection, *, chunked: bool) -> None:
    begun = False
    for piece in pieces:
        if not begun:
            # The application may begin its answer with the first piece.
            one.sock.sendall(answer.head(keeps=False, length=None))
            begun = True
        if piece and not answer.bodiless:
            answer.sent += len(piece)
            one.sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
    if not begun:
        one.sock.sendall(answer.head(keeps=False, length=None))
    if chunked and not answer.bodiless:
        one.sock.sendall(b"0\r\n\r\n")
