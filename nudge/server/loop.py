"""The loop: one thread that accepts, reads, writes and closes, and never waits for a client."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from nudge.clock import monotonic
from nudge.server.connection import Connection, Stage
from nudge.server.connections import LINGER, Connections
from nudge.server.limits import Limits
from nudge.server.refusal import RefusedError
from nudge.server.room import Room

EVENTS: Final = 64
"""Events of one turn."""
UNSENT: Final = 131_072
"""Bytes of answers that the kernel keeps for a connection besides what is under way."""
NO_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

Local = dict[str, Any]


class Loop:
    """The loop of one web process.

    Args:
        limits: what clients may take.
        wake: both ends of a pipe that does not block; what is written to it ends a wait.
        dispatch: has a request answered by a thread, which gives the connection to `finish`.
        log: gunicorn's.
    """

    def __init__(
        self,
        limits: Limits,
        wake: Sequence[int],
        dispatch: Callable[[Connection], None],
        log: logging.Logger,
    ) -> None:
        self._limits = limits
        self._log = log
        self._wake = wake
        self._listeners: dict[int, tuple[socket.socket, Local]] = {}
        self._epoll = select.epoll()
        self._epoll.register(wake[0], select.EPOLLIN)
        self._connections = Connections(limits, self._epoll, dispatch)
        self._room = Room(self._connections, limits)
        self._given: deque[Connection] = deque()

    def listen(self, sock: socket.socket, local: Local) -> None:
        """Accept connections of a listener; `local` is its part of every environment."""
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            # Who does not read gets no further answer made. Connections inherit it.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        self._listeners[sock.fileno()] = (sock, local)
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def turn(self, timeout: float) -> None:
        """Wait for events, at most so long, handle them, and keep all bounds."""
        by_file = self._connections.by_file
        for fd, _ in self._epoll.poll(min(timeout, self._room.pause), EVENTS):
            if (one := by_file.get(fd)) is not None:
                self._handle(one)
            elif fd in self._listeners:
                self._accept(*self._listeners[fd])
            elif fd == self._wake[0]:
                self._take_back()
        self._room.keep()

    def finish(self, one: Connection, data: bytes) -> None:
        """Send an answer and give the connection back: for the thread that has it."""
        try:
            if one.send(data) and one.keeps and not one.reader.advance():
                with self._connections.handover:
                    self._connections.idle(one)
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

    @property
    def retiring(self) -> bool:
        """Whether every answer closes its connection."""
        return self._connections.retiring

    def retire(self) -> None:
        """Accept no more; connections that wait for a further request end soon."""
        for fd in self._listeners:
            self._epoll.unregister(fd)
        self._listeners.clear()
        with self._connections.handover:
            self._connections.retiring = True
            until = monotonic() + LINGER
            for one in self._connections.by_file.values():
                if one.stage is Stage.READ and not one.reader.begun:
                    one.deadline = min(one.deadline, until)

    @property
    def working(self) -> bool:
        """Whether a request, an answer, or a further request is waited for."""
        everyone = self._connections.by_file.values()
        return any(one.stage is not Stage.LINGER for one in everyone)

    def close(self) -> None:
        """Close what is left."""
        for one in list(self._connections.by_file.values()):
            self._connections.close(one)

    def _handle(self, one: Connection) -> None:
        """Handle an event; a fault costs this connection only, not the process."""
        try:
            self._connections.handle(one)
        except Exception:  # noqa: BLE001 - told; nobody else has to bear it
            self._log.exception("connection failed")
            self._connections.close(one)

    def _take_back(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake[0], 4096)
        while self._given:
            self._handle(self._given.popleft())

    def _accept(self, listener: socket.socket, local: Local) -> None:
        if len(self._connections.by_file) >= self._limits.connections:
            self._room.close_oldest()
        try:
            sock, peer = listener.accept()
        except OSError as error:
            if error.errno in NO_FILES:
                self._room.close_oldest()
            return  # gone again, or another process was faster
        self._connections.add(sock, peer, local)
