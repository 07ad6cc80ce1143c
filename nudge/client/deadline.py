"""Connections with a deadline: the answer is whole by then, however slowly the other side sends.

A timeout of a socket bounds each of its reads; a side that sends a byte now and then has all time.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from nudge.clock import monotonic

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    _Base = http.client.HTTPConnection
else:
    _Base = object

LONGEST = 86_400.0
"""Seconds of a socket's timeout where there is no deadline."""


class DeadlineSocket:
    """A socket as `http.client` uses one, with a deadline over all that is sent and read.

    Args:
        inner: the socket.
        left: seconds that are left; it raises where none are.
    """

    def __init__(self, inner: socket.socket, left: Callable[[], float]) -> None:
        self._inner = inner
        self._left = left

    def sendall(self, data: ReadableBuffer) -> None:
        """Send everything, until the deadline."""
        self._inner.settimeout(self._left())
        self._inner.sendall(data)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """Return a reader; the socket stays open until it is closed."""
        return io.BufferedReader(_DeadlineReader(self._inner, self._left))

    def close(self) -> None:
        """Close the socket; what a reader still holds is closed with it."""
        self._inner.close()


class _DeadlineReader(io.RawIOBase):
    """A raw reader of a socket that gives each read the time that is left."""

    def __init__(self, inner: socket.socket, left: Callable[[], float]) -> None:
        self._inner = inner
        self._raw = inner.makefile("rb", buffering=0)
        self._left = left

    def readable(self) -> bool:
        """Say that it reads."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read what is there, until the deadline."""
        self._inner.settimeout(self._left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the reader and its hold on the socket."""
        self._raw.close()
        super().close()


class _WithDeadline(_Base):
    """A connection of `http.client` with a deadline.

    Attributes:
        deadline: on the clock that never jumps.
    """

    deadline = math.inf

    def connect(self) -> None:
        """Connect until the deadline."""
        self.timeout = self.left()
        super().connect()
        self.sock = DeadlineSocket(self.sock, self.left)

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return min(left, LONGEST)


class DeadlineConnection(_WithDeadline, http.client.HTTPConnection):
    """A plain connection with a deadline."""


class SecureDeadlineConnection(_WithDeadline, http.client.HTTPSConnection):
    """A connection over TLS with a deadline."""
