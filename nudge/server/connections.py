"""All connections of a web process: what an event means to each, by its stage.

A connection belongs to the loop's thread, or to the thread that answers its request
(`Stage.BUSY`). Events are of one shot: who has a connection arms it when giving it back, so the
other one hears of it only then.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from typing import Final

from nudge.server.connection import Connection, Stage
from nudge.server.limits import Limits
from nudge.server.refusal import RefusedError
from nudge.server.request_reader import PIECE

READ: Final = select.EPOLLIN | select.EPOLLONESHOT
WRITE: Final = select.EPOLLOUT | select.EPOLLONESHOT
LINGER: Final = 2.0
"""Seconds in which a client may read the last answer before its connection is closed."""


class Connections:
    """The connections of one web process. The loop's thread alone calls these methods, but `idle`.

    Args:
        limits: what clients may take.
        epoll: tells of events.
        dispatch: has a request answered by a thread, which gives the connection back.

    Attributes:
        by_file: file descriptor -> connection.
        handover: held where a thread gives a connection back, and where its stage has to stay.
        retiring: whether the process ends.
        held: bytes that requests hold which are not complete, or more.
    """

    def __init__(
        self, limits: Limits, epoll: select.epoll, dispatch: Callable[[Connection], None]
    ) -> None:
        self.by_file: dict[int, Connection] = {}
        self.handover = threading.Lock()
        self.retiring = False
        self.held = 0
        self._limits = limits
        self._epoll = epoll
        self._dispatch = dispatch

    def add(self, sock: socket.socket, peer: object, local: dict[str, object]) -> None:
        """Take a new connection."""
        sock.setblocking(False)
        self.by_file[sock.fileno()] = Connection(sock, peer, local, self._limits)
        self._epoll.register(sock.fileno(), READ)

    def handle(self, one: Connection) -> None:
        """Handle an event, or a connection that a thread has given back."""
        if one.stage is Stage.READ:
            self._read(one)
        elif one.stage is Stage.WRITE or one.rest is not None:
            self._write(one)
        elif one.stage is Stage.LINGER:
            self._drain(one)
        elif one.keeps:
            self._go_on(one)
        else:
            self._linger(one)

    def idle(self, one: Connection) -> None:
        """Wait for a further request; a thread that answered holds `handover`."""
        one.first, one.stage, one.pipelined = False, Stage.READ, False
        one.wait(LINGER if self.retiring else self._limits.idle)
        self._epoll.modify(one.sock.fileno(), READ)

    def refuse(self, one: Connection, error: RefusedError) -> None:
        """Tell the client why, and close."""
        one.keeps, one.rest, one.stage = False, memoryview(error.to_bytes()), Stage.READ
        self._write(one)

    def close(self, one: Connection) -> None:
        """Close; what the client did not take of an answer is thrown away."""
        self.by_file.pop(one.sock.fileno(), None)
        one.close()

    def _read(self, one: Connection) -> None:
        try:
            here = one.receive()
        except RefusedError as error:
            self.refuse(one, error)
            return
        if not here:
            self.close(one)
        elif one.reader.ready:
            self._busy(one)
        else:
            self.held += PIECE
            self._epoll.modify(one.sock.fileno(), READ)

    def _busy(self, one: Connection) -> None:
        one.stage = Stage.BUSY
        self._dispatch(one)

    def _go_on(self, one: Connection) -> None:
        """Turn to a further request, of which some bytes are there."""
        one.first, one.stage, one.pipelined = False, Stage.READ, True
        if one.reader.ready:
            self._busy(one)
        else:
            one.wait(self._limits.body if one.reader.head_read else self._limits.head)
            self._epoll.modify(one.sock.fileno(), READ)

    def _write(self, one: Connection) -> None:
        """Send what is left of an answer."""
        left = one.rest or memoryview(b"")
        if one.stage is not Stage.WRITE:
            one.stage = Stage.WRITE
            one.wait(self._limits.answer + len(left) / self._limits.answer_rate)
        try:
            if not one.send(left):
                self._epoll.modify(one.sock.fileno(), WRITE)
            elif not one.keeps:
                self._linger(one)
            elif one.reader.advance():
                self._go_on(one)
            else:
                self.idle(one)
        except RefusedError as error:
            self.refuse(one, error)
        except OSError:
            self.close(one)

    def _linger(self, one: Connection) -> None:
        """Send an end, and wait for the client's: closing at once could destroy the answer."""
        try:
            one.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close(one)
            return
        one.stage = Stage.LINGER
        one.wait(LINGER)
        self._epoll.modify(one.sock.fileno(), READ)

    def _drain(self, one: Connection) -> None:
        try:
            here = one.sock.recv(4 * PIECE)
        except BlockingIOError:
            here = b"."
        except OSError:
            here = b""
        if here:
            self._epoll.modify(one.sock.fileno(), READ)
        else:
            self.close(one)
