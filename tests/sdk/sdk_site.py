"""A shop's pages on one origin, and the way to the service on another, which can be broken."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from e2e_service import PAGE_KEY

from nudge.api.sdk_files import read_sdk_files

FAULTS = ("healthy", "down", "slow", "error", "deaf", "spoilt", "all-down", "all-slow", "all-error")
"""healthy; no connection; two seconds late; 500 at once; the answer never comes; 500 in its place.

With `deaf` and `spoilt` the service gets what is sent, and the page does not know. They are faults
of events alone, so that there is something to tell; `all-` are those of decisions, too.
"""
ALL = "all-"
EVENTS = "v1/events"
SLOW = 2.0
"""Seconds."""
PAGE = Path(__file__).with_name("life.html").read_text()


@dataclass(frozen=True)
class Site:
    """The running pages.

    Attributes:
        pages: origin of the pages.
        way: origin at which the service is reached; the first part of a path names the fault.
        calls: method and path of every call that came this way.
    """

    pages: str
    way: str
    calls: list[str]

    def life(self, fault: str, page: str, **more: object) -> str:
        """Address of a page that asks for one slot and shows it.

        Args:
            fault: of the way to the service.
            page: name of the page, which has a decision of its own.
            more: parameters of `life.html`.
        """
        script = self.way + "/healthy" + read_sdk_files().versions[read_sdk_files().current].path
        told = {"endpoint": f"{self.way}/{fault}", "page": page, "key": PAGE_KEY, "sdk": script}
        return f"{self.pages}/life.html?{urlencode(told | more)}"


class Quiet(BaseHTTPRequestHandler):
    """Answers, and prints nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Write an answer."""
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Pages(Quiet):
    """The shop: one page for every path, which may be kept in the back-forward cache."""

    def do_GET(self) -> None:
        """Answer with the page."""
        self.answer(200, PAGE.encode(), {"Content-Type": "text/html; charset=utf-8"})


class Way(Quiet):
    """The way to the service, with the fault that the path names."""

    service: ClassVar[str]
    calls: ClassVar[list[str]]

    def do_GET(self) -> None:
        """Pass a call on, as far as the fault lets it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.calls.append(f"{self.command} {self.path}")
        _, named, rest = self.path.split("/", 2)
        meant = named.startswith(ALL) or rest.startswith(EVENTS)
        fault = named.removeprefix(ALL) if meant else "healthy"
        if fault == "down":
            self.close_connection = True
            return
        if fault == "slow":
            time.sleep(SLOW)
        if fault == "error":
            self._spoil()
            return
        status, headers, text = self._pass_on(f"/{rest}", body)
        if fault == "deaf":
            self.close_connection = True
        elif fault == "spoilt":
            self._spoil()
        else:
            self.answer(status, text, headers)

    do_POST = do_OPTIONS = do_GET  # noqa: N815 - the library's names

    def _spoil(self) -> None:
        told = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
        self.answer(500, b'{"code": "internal"}', told)

    def _pass_on(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.service).netloc, timeout=30)
        kept = {n: v for n, v in self.headers.items() if n.lower() not in {"host", "connection"}}
        connection.request(self.command, path, body or None, kept)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        dropped = {"connection", "content-length", "transfer-encoding"}
        return (
            answer.status,
            {n: v for n, v in answer.getheaders() if n.lower() not in dropped},
            text,
        )


class Server(ThreadingHTTPServer):
    """A server that says nothing of browsers that went away."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def opened(service: str) -> Iterator[Site]:
    """Run pages and way until the end of the block."""
    calls: list[str] = []
    way = type("WayToService", (Way,), {"service": service, "calls": calls})
    with ExitStack() as stack:
        yield Site(_started(stack, Pages), _started(stack, way), calls)


def _started(stack: ExitStack, handler: type[Quiet]) -> str:
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    stack.callback(server.server_close)
    stack.callback(thread.join)
    stack.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_address[1]}"
