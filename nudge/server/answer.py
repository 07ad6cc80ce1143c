"""Answers: what the application returns, as bytes of HTTP/1.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from email.utils import formatdate
from types import TracebackType
from typing import Any, Final

from nudge.clock import now
from nudge.server.request import Environ, Request

Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType]

_HOP_BY_HOP: Final = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer")
)
_date: tuple[int, str] = (0, "")


class Answer:
    """The answer to one request: its status line and headers, as the application began it.

    Attributes:
        status: such as `200 OK`; empty before the application has begun.
        headers: names and values.
        written: what the application wrote by the callable of PEP 3333.
        sent: bytes of the body, for the log.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []
        self.sent = 0

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """Begin the answer, as PEP 3333 has it."""
        if self.status and exc_info is None:
            raise AssertionError("the answer has begun")
        self.status, self.headers = status, headers
        return self.written.append

    @property
    def bodiless(self) -> bool:
        """Whether the answer has no body, whatever the application returns."""
        return self._request.method == b"HEAD" or self.status[:3] in {"204", "304"}

    def head(self, keeps: bool, length: int | None) -> bytes:  # noqa: FBT001 - of this answer alone
        """Return status line and headers.

        Args:
            keeps: whether the connection serves another request.
            length: of the body; None sends it in chunks, or until the end of the connection.
        """
        lines = [f"HTTP/1.1 {self.status}\r\nDate: {_http_date()}"]
        for name, value in self.headers:
            low = name.lower()
            if low in _HOP_BY_HOP or (low == "content-length" and not self._keeps_length()):
                continue
            lines.append(f"{name}: {value}")
        if not self.bodiless:
            if length is not None:
                lines.append(f"Content-Length: {length}")
            elif self._request.version >= (1, 1):
                lines.append("Transfer-Encoding: chunked")
        lines.append("Connection: keep-alive\r\n\r\n" if keeps else "Connection: close\r\n\r\n")
        return "\r\n".join(lines).encode("latin-1")

    def _keeps_length(self) -> bool:
        """Whether the length that the application names is sent: that of an answer to HEAD."""
        return self._request.method == b"HEAD" and self.status[:3] not in {"204", "304"}


def whole_answer(
    app: Application,
    environ: Environ,
    request: Request,
    keeps: bool,  # noqa: FBT001 - as `Answer.head` has it
) -> tuple[Answer, bytes]:
    """Run the application; return its answer, and all bytes of it."""
    answer = Answer(request)
    pieces = app(environ, answer.start)
    try:
        body = b"".join(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    if answer.written:
        body = b"".join(answer.written) + body
    if answer.bodiless:
        body = b""
    answer.sent = len(body)
    return answer, answer.head(keeps, len(body)) + body


def _http_date() -> str:
    """Return the time for the header, which changes once a second."""
    global _date  # noqa: PLW0603 - a memory of one value
    second = int(now())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True))
    return _date[1]
