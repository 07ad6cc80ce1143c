"""The gunicorn worker: a loop for all connections, and threads for requests that are complete."""

from __future__ import annotations

import itertools
import os
import queue
import resource
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from gunicorn.http.wsgi import base_environ
from gunicorn.workers.base import Worker

from nudge.clock import monotonic
from nudge.server.answer import Answer, whole_answer
from nudge.server.connection import Connection
from nudge.server.limits import Limits
from nudge.server.loop import LINGER, Local, Loop
from nudge.server.refusal import failed, no_room
from nudge.server.request import Environ, Request, environ_of
from nudge.server.stream import GONE, stream_answer

Requests = queue.SimpleQueue[Connection]

TELL: Final = 1.0
"""Seconds between two signs of life to the master."""
OWN_FILES: Final = 256
"""File descriptors that are not connections: the store's, the spool's, the metrics'."""


class LoopWorker(Worker):  # type: ignore[misc]
    """A worker in which clients wait in a loop and only complete requests have threads.

    Attributes:
        limits: what clients may take; the configuration file replaces it before the fork.
    """

    limits = Limits()
    alive: bool

    def init_process(self) -> None:
        """Begin, unless what is asked for is for a proxy.

        Raises:
            RuntimeError: gunicorn is to speak TLS.
        """
        if self.cfg.is_ssl:
            raise RuntimeError(
                "the web speaks no TLS: leave certfile out, and set a proxy before it"
            )
        super().init_process()

    def run(self) -> None:
        """Serve until a signal comes, then answer what has begun."""
        self._requests: Requests = queue.SimpleQueue()
        self._pipelined: Requests = queue.SimpleQueue()
        self._streams = threading.BoundedSemaphore(self.limits.streams)
        self._numbers = itertools.count(1)
        self.limits = with_files(self.limits)
        os.set_blocking(self.PIPE[0], False)
        self._loop = Loop(self.limits, self.PIPE, self._dispatch, self.log)
        for sock in self.sockets:
            self._loop.listen(sock.sock, _local(sock.sock, self.cfg))
        # Who sends many requests at once has one thread for them, shared by all who do.
        for requests in (self._pipelined, *[self._requests] * self.cfg.threads):
            threading.Thread(
                target=self._serve, args=(requests,), name="request", daemon=True
            ).start()
        told = 0.0
        while self.alive and self.ppid == os.getppid():
            if monotonic() - told > TELL:
                told = monotonic()
                self.notify()
            self._loop.turn(TELL)
        self._retire()

    def _retire(self) -> None:
        self._loop.retire(LINGER)
        until = monotonic() + self.cfg.graceful_timeout
        while self._loop.working and monotonic() < until:
            self.notify()
            self._loop.turn(0.1)
        self._loop.close()

    def _dispatch(self, one: Connection) -> None:
        if not one.reader.streams or one.reader.complete:
            (self._pipelined if one.pipelined else self._requests).put(one)
        elif self._streams.acquire(blocking=False):
            threading.Thread(target=self._stream, args=(one,), name="stream", daemon=True).start()
        else:
            one.keeps = False
            self._loop.finish(one, no_room().to_bytes())

    def _serve(self, requests: Requests) -> None:
        while True:
            one = requests.get()
            self._loop.finish(one, self._answer(one))

    def _answer(self, one: Connection) -> bytes:
        began = monotonic()
        try:
            request, environ = self._begin(one)
            one.keeps = request.keeps and not self._loop.retiring
            answer, data = whole_answer(self.wsgi, environ, request, one.keeps)
        except Exception:  # the application's own errors are answers; this thread has to go on
            self.log.exception("request failed")
            one.keeps = False
            return failed().to_bytes()
        self._log(answer, request, environ, began)
        return data

    def _stream(self, one: Connection) -> None:
        one.keeps, began = False, monotonic()
        try:
            request, environ = self._begin(one)
            answer = stream_answer(self.wsgi, environ, request, one, self.limits.silence)
            self._log(answer, request, environ, began)
        except GONE:
            pass  # an end without the last chunk tells the client, too
        except Exception:  # as above
            self.log.exception("stream failed")
        finally:
            self._streams.release()
            self._loop.finish(one, b"")

    def _begin(self, one: Connection) -> tuple[Request, Environ]:
        request = one.reader.request()
        if next(self._numbers) >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
            self._loop.wake()
        return request, environ_of(request, one.local, one.peer)

    def _log(self, answer: Answer, request: Request, environ: Environ, began: float) -> None:
        if self.cfg.accesslog:
            self.log.access(answer, request, environ, timedelta(seconds=monotonic() - began))


def with_files(limits: Limits) -> Limits:
    """Let the process open all the files that it may, and no more connections than these."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + OWN_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return replace(limits, connections=max(most - OWN_FILES, 1))


def _local(sock: socket.socket, cfg: Any) -> Local:  # noqa: ANN401 - gunicorn publishes no types
    """Return what all requests of a listener have in common."""
    name: object = sock.getsockname()
    host, port = (name[0], str(name[1])) if isinstance(name, tuple) else ("localhost", "")
    shared = {"wsgi.multithread": True, "wsgi.url_scheme": "http", "SCRIPT_NAME": ""}
    return {**base_environ(cfg), **shared, "SERVER_NAME": host, "SERVER_PORT": port}
