"""Receivers of notices on loopback: a real mail server, and a real HTTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from child_processes import free_port


@dataclass
class Post:
    """A call of the HTTP server.

    Attributes:
        path: with its query.
    """

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class HttpReceiver:
    """An HTTP server that can go down and come back at its port.

    Attributes:
        answer: status and body of every answer.
    """

    port: int = field(default_factory=free_port)
    posts: list[Post] = field(default_factory=list)
    answer: tuple[int, bytes] = (200, b"{}")
    server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                post = Post(self.path, dict(self.headers), json.loads(body))
                receiver.posts.append(post)
                status, text = receiver.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Close the port."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@dataclass
class Mail:
    """A mail that arrived."""

    subject: str
    text: str
    headers: dict[str, str]
    to: list[str]


class MailReceiver:
    """A mail server that can go down and come back at its port."""

    def __init__(self) -> None:
        self.port, self.mails = free_port(), list[Mail]()
        self._controller: Controller | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take a mail."""
        message = message_from_bytes(envelope.content)
        parts = [one for one in message.walk() if one.get_content_maintype() == "text"]
        payload = parts[0].get_payload(decode=True)
        assert isinstance(payload, bytes)
        subject = str(make_header(decode_header(message["Subject"])))
        headers = {name: str(value) for name, value in message.items()}
        self.mails.append(Mail(subject, payload.decode(), headers, list(envelope.rcpt_tos)))
        return "250 OK"

    def start(self) -> None:
        """Listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Close the port."""
        if self._controller:
            self._controller.stop()
            self._controller = None


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    """A webhook or a robot."""
    receiver = HttpReceiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    """A mail server."""
    receiver = MailReceiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
