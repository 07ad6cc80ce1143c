"""The loop: one thread that accepts, reads, writes and closes, and never waits for a client.

A connection belongs to the loop, or to the thread that answers its request (`Stage.BUSY`). Events
are of one shot: a connection that a thread has causes none until it is armed again.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from nudge.clock import monotonic
from nudge.server.connection import Connection, Stage
from nudge.server.limits import Limits
from nudge.server.refusal import RefusedError, no_room
from nudge.server.request_reader import PIECE
from nudge.server.room import oldest, too_much_held

READ: Final = select.EPOLLIN | select.EPOLLONESHOT
WRITE: Final = select.EPOLLOUT | select.EPOLLONESHOT
EVENTS: Final = 64
"""Events of one turn."""
LATE: Final = 16
"""Connections of one turn that are closed for being late: many may be late at once."""
SWEEP: Final = 0.25
"""Seconds between two looks at all deadlines."""
LINGER: Final = 2.0
"""Seconds in which a client may read the last answer before its connection is closed."""
UNSENT: Final = 131_072
"""Bytes of answers that the kernel keeps for a connection besides what is under way."""
NO_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

Local = dict[str, Any]
Dispatch = Callable[[Connection], None]


class Loop:
    """The loop of one web process.

    Args:
        limits: what clients may take.
        wake: both ends of a pipe that does not block; what is written to it ends a wait.
        dispatch: has a request answered by a thread, which gives the connection back.
        log: gunicorn's.

    Attributes:
        connections: file descriptor -> connection; the loop's thread alone changes it.
        retiring: whether the process ends, and every answer closes its connection.
    """

    def __init__(
        self, limits: Limits, wake: Sequence[int], dispatch: Dispatch, log: logging.Logger
    ) -> None:
        self.connections: dict[int, Connection] = {}
        self.retiring = False
        self._limits = limits
        self._dispatch = dispatch
        self._log = log
        self._wake = wake
        self._listeners: dict[int, tuple[socket.socket, Local]] = {}
        self._epoll = select.epoll()
        self._epoll.register(wake[0], select.EPOLLIN)
        self._given: deque[Connection] = deque()
        self._handover = threading.Lock()
        self._late: deque[Connection] = deque()
        self._swept = 0.0
        self._held = 0

    def listen(self, sock: socket.socket, local: Local) -> None:
        """Accept connections of a listener; `local` is its part of every environment."""
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            # Who does not read gets no further answer made. Connections inherit it.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        self._listeners[sock.fileno()] = (sock, local)
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def turn(self, timeout: float) -> None:
        """Wait for events, at most so long, and handle them; look at deadlines now and then."""
        if self.connections:
            timeout = 0.0 if self._late else min(timeout, SWEEP)
        for fd, _ in self._epoll.poll(timeout, EVENTS):
            if (one := self.connections.get(fd)) is not None:
                self._guard(one)
            elif fd in self._listeners:
                self._accept(*self._listeners[fd])
            elif fd == self._wake[0]:
                self._take_back()
        if self._late:
            self._close_late()
        elif monotonic() - self._swept >= SWEEP:
            self._sweep()

    def retire(self, linger: float) -> None:
        """Accept no more; connections that wait for a further request end soon."""
        for fd in self._listeners:
            self._epoll.unregister(fd)
        self._listeners.clear()
        with self._handover:
            self.retiring = True
            until = monotonic() + linger
            for one in self.connections.values():
                if one.stage is Stage.READ and not one.reader.begun:
                    one.deadline = min(one.deadline, until)

    @property
    def working(self) -> bool:
        """Whether a request, an answer, or a further request is waited for."""
        return any(one.stage is not Stage.LINGER for one in self.connections.values())

    def close(self) -> None:
        """Close what is left."""
        for one in self.connections.values():
            one.close()
        self.connections.clear()

    def finish(self, one: Connection, data: bytes | memoryview) -> None:
        """Send an answer and give the connection back: for the thread that has it."""
        try:
            if one.send(data) and one.keeps and not one.reader.advance():
                with self._handover:
                    self._idle(one)
                return
        except RefusedError as error:
            # What follows is no request; the loop writes that, and closes.
            one.keeps, one.rest = False, memoryview(error.to_bytes())
        except (OSError, ValueError):  # gone, or closed by the loop at the end
            one.keeps, one.rest = False, None
        self._given.append(one)
        self.wake()

    def wake(self) -> None:
        """End the loop's wait."""
        with contextlib.suppress(BlockingIOError):  # full: it wakes
            os.write(self._wake[1], b".")

    def _idle(self, one: Connection) -> None:
        one.first, one.stage, one.pipelined = False, Stage.READ, False
        one.wait(LINGER if self.retiring else self._limits.idle)
        self._epoll.modify(one.sock.fileno(), READ)

    def _take_back(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake[0], 4096)
        while self._given:
            one = self._given.popleft()
            if one.rest is not None:
                self._write(one)
            elif one.keeps:
                self._go_on(one)
            else:
                self._linger(one)

    def _accept(self, listener: socket.socket, local: Local) -> None:
        if len(self.connections) >= self._limits.connections:
            self._close_oldest()
        try:
            sock, peer = listener.accept()
        except OSError as error:
            if error.errno in NO_FILES:
                self._close_oldest()
            return  # gone again, or another process was faster
        sock.setblocking(False)
        one = Connection(sock, peer, local, self._limits)
        self.connections[sock.fileno()] = one
        self._epoll.register(sock.fileno(), READ)

    def _guard(self, one: Connection) -> None:
        """Handle an event; a fault costs this connection only, not the process."""
        try:
            self._handle(one)
        except Exception:  # noqa: BLE001 - told; nobody else has to bear it
            self._log.exception("connection failed")
            self._close(one)

    def _handle(self, one: Connection) -> None:
        if one.stage is Stage.READ:
            self._read(one)
        elif one.stage is Stage.WRITE:
            self._write(one)
        elif one.stage is Stage.LINGER:
            self._drain(one)

    def _read(self, one: Connection) -> None:
        try:
            here = one.receive()
        except RefusedError as error:
            self._refuse(one, error)
            return
        if not here:
            self._close(one)
        elif one.reader.ready:
            self._busy(one)
        else:
            self._epoll.modify(one.sock.fileno(), READ)
            self._held += PIECE
            if self._held > self._limits.held_bytes:
                self._make_room()

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
                self._idle(one)
        except RefusedError as error:
            self._refuse(one, error)
        except OSError:
            self._close(one)

    def _refuse(self, one: Connection, error: RefusedError) -> None:
        one.keeps, one.rest, one.stage = False, memoryview(error.to_bytes()), Stage.READ
        self._write(one)

    def _linger(self, one: Connection) -> None:
        """Send an end, and wait for the client's: closing at once could destroy the answer."""
        try:
            one.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(one)
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
            self._close(one)

    def _sweep(self) -> None:
        """Look for those that are late, and count what all hold."""
        now = self._swept = monotonic()
        everyone = self.connections.values()
        self._late.extend(one for one in everyone if one.is_late(now))
        self._held = sum(one.held for one in everyone)

    def _close_late(self) -> None:
        """Close some that are late, with a word where the client waits for one."""
        for _ in range(min(LATE, len(self._late))):
            one = self._late.popleft()
            with self._handover:
                late = one.is_late(monotonic()) and self._has(one)
            if not late:
                continue
            if (error := one.excuse()) is None:
                self._close(one)
            else:
                self._refuse(one, error)

    def _has(self, one: Connection) -> bool:
        return self.connections.get(one.sock.fileno()) is one

    def _make_room(self) -> None:
        with self._handover:
            unlucky = too_much_held(self.connections.values(), self._limits.held_bytes)
        for one in unlucky:
            if one.stage is Stage.READ:
                self._refuse(one, no_room())
            else:
                self._close(one)
        self._held = sum(one.held for one in self.connections.values())

    def _close_oldest(self) -> None:
        with self._handover:
            unlucky = oldest(self.connections.values())
        for one in unlucky:
            self._close(one)

    def _close(self, one: Connection) -> None:
        self.connections.pop(one.sock.fileno(), None)
        one.close()
