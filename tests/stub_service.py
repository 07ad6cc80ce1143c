"""A stand-in for the service, for tests of its clients: it answers as scripted, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, str, Any], tuple[int, Any]]
"""(method, path, body) -> (status, body)."""


@dataclass
class Stub:
    """A running stand-in.

    Attributes:
        url: where it is.
        calls: (method, path, body) of every call, in the order of arrival.
    """

    url: str
    calls: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that were sent, in order."""
        return [
            event
            for _, path, body in self.calls
            if path == "/v1/events"
            for event in body["events"]
        ]


@contextmanager
def stub(answer: Answer, headers: Mapping[str, str] | None = None) -> Iterator[Stub]:
    """Run a stand-in on loopback until the end of the block."""
    found: list[Stub] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            found[0].calls.append((self.command, self.path, body))
            status, told = answer(self.command, self.path, body)
            payload = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.append(Stub(f"http://127.0.0.1:{server.server_address[1]}"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def given(variant: str, decision_id: str, reason: str = "policy") -> dict[str, object]:
    """One slot's answer."""
    return {
        "decision_id": decision_id,
        "variant": variant,
        "value": None,
        "propensity": 0.5,
        "reason": reason,
        "policy": "uniform",
        "policy_version": 0,
        "sticky": False,
        "degraded": False,
    }


def accepted(body: Any) -> tuple[int, dict[str, object]]:
    """The answer to a good batch of events."""
    return 202, {"accepted": len(body["events"]), "duplicates": 0, "rejected": []}
