"""Refusals: answers that the server gives itself, in the form of all errors of the service."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final

JSON: Final = "application/json"


class RefusedError(Exception):
    """The request is refused before the application sees it; its connection is closed.

    Attributes:
        status: of the answer.
        code: stable word of the error.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def to_bytes(self) -> bytes:
        """Return the whole answer, which closes the connection."""
        body = json.dumps({"code": self.code, "message": str(self)}).encode()
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            f"Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            f"{self._retry()}Connection: close\r\n\r\n"
        )
        return head.encode() + body

    def _retry(self) -> str:
        return "Retry-After: 1\r\n" if self.status == HTTPStatus.SERVICE_UNAVAILABLE else ""


def late_head(seconds: float) -> RefusedError:
    """A refusal of a head that did not come in time."""
    return RefusedError(408, "request_timeout", f"the headers did not come within {seconds:g} s")


def late_body(seconds: float) -> RefusedError:
    """A refusal of a body that did not come in time."""
    return RefusedError(408, "request_timeout", f"the body did not come within {seconds:g} s")


def no_room() -> RefusedError:
    """A refusal for want of memory or threads."""
    return RefusedError(503, "busy", "the server has too much to do; try again")


def failed() -> RefusedError:
    """An answer in place of one that the application could not give."""
    return RefusedError(500, "internal", "internal error; the service's log names the cause")
