"""Connections: a client's socket, what has come by it, what waits to go, and until when."""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
from typing import Final

from nudge.clock import monotonic
from nudge.server.limits import Limits
from nudge.server.refusal import RefusedError, late_body, late_head
from nudge.server.request_reader import PIECE, RequestReader

ABORT: Final = struct.pack("ii", 1, 0)
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Stage(enum.Enum):
    """The stage of a connection: what it waits for. The loop owns it in every one but `BUSY`."""

    READ = enum.auto()
    BUSY = enum.auto()
    WRITE = enum.auto()
    LINGER = enum.auto()


class Connection:
    """A client's connection.

    Attributes:
        sock: its socket, which never blocks but for a stream.
        peer: the client's address.
        local: the listener's part of every environment.
        reader: what has come.
        stage: what it waits for.
        since: when it began to wait.
        deadline: when that ends.
        first: whether no request has come by it yet.
        pipelined: whether its request came before the answer to the one before it.
        keeps: whether another request may follow.
        rest: bytes of the answer that the client has not taken yet.
    """

    __slots__ = (
        "_limits",
        "deadline",
        "first",
        "keeps",
        "local",
        "peer",
        "pipelined",
        "reader",
        "rest",
        "since",
        "sock",
        "stage",
    )

    def __init__(
        self, sock: socket.socket, peer: object, local: dict[str, object], limits: Limits
    ) -> None:
        self.sock = sock
        self.peer = peer
        self.local = local
        self.reader = RequestReader(limits)
        self.stage = Stage.READ
        self.since = monotonic()
        self.deadline = self.since + limits.head
        self.first = True
        self.pipelined = False
        self.keeps = True
        self.rest: memoryview | None = None
        self._limits = limits

    @property
    def held(self) -> int:
        """Bytes that wait in memory."""
        return self.reader.held + (len(self.rest) if self.rest is not None else 0)

    def receive(self) -> bool:
        """Read what has come; return False where the client has gone.

        Raises:
            RefusedError: it is no request that is taken.
        """
        try:
            data = self.sock.recv(PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        self.take(data)
        return True

    def take(self, data: bytes) -> None:
        """Feed the reader, and count the time anew where a head begins or ends.

        Raises:
            RefusedError: it is no request that is taken.
        """
        reader = self.reader
        begun, head_read = reader.begun, reader.head_read
        reader.feed(data)
        if reader.complete:
            return
        if reader.head_read and not head_read:
            self.wait(self._limits.body)
            if reader.expects_continue and not reader.oversize:
                with contextlib.suppress(OSError):  # gone: the next read says so
                    self.sock.send(CONTINUE)
        elif not begun:
            # The first head counts from the connection.
            self.deadline = min(self.deadline, monotonic() + self._limits.head)

    def wait(self, seconds: float) -> None:
        """Wait from now on, at most so long."""
        self.since = monotonic()
        self.deadline = self.since + seconds

    def is_late(self, now: float) -> bool:
        """Whether its time is over; a thread that answers has all the time it needs."""
        return self.deadline < now and self.stage is not Stage.BUSY

    def excuse(self) -> RefusedError | None:
        """Return what a client is told whose time is over; None tells it nothing."""
        if self.stage is not Stage.READ:
            return None
        if self.reader.head_read:
            return late_body(self._limits.body)
        # A connection that waits for a further request ends without a word.
        if self.reader.begun or self.first:
            return late_head(self._limits.head)
        return None

    def send(self, data: bytes | memoryview) -> bool:
        """Give bytes to the kernel; return whether it took them all, else the rest is kept.

        Raises:
            OSError: the client has gone.
        """
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent == len(data):
            self.rest = None
            return True
        self.rest = memoryview(data)[sent:]
        return False

    def close(self) -> None:
        """Close the socket; of an answer that nobody reads the kernel keeps nothing."""
        if self.stage is Stage.WRITE:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.rest = None
        self.sock.close()
