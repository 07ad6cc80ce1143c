"""Requests as the parser gives them, and the environment that WSGI makes of them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

Environ = dict[str, Any]

_NAMES: Final[dict[bytes, str]] = {}
"""Header name as it was sent -> key of the environment, for names that are often sent."""
_MOST_NAMES: Final = 512


@dataclass(slots=True)
class Request:
    """A request whose head has come.

    Attributes:
        method: such as `GET`.
        target: path and query, as they were sent.
        version: of HTTP.
        headers: names as they were sent, and values.
        body: as far as it has come.
        keeps: whether the connection may serve another request.
        chunked: whether the body came in chunks.
    """

    method: bytes
    target: bytes
    version: tuple[int, int]
    headers: list[tuple[bytes, bytes]]
    body: bytes
    keeps: bool
    chunked: bool


def environ_of(request: Request, base: Environ, peer: object) -> Environ:
    """Return the environment of a request.

    Args:
        request: all of it: a body in chunks has its length here, like any other.
        base: what all requests of a listener share.
        peer: the client's address as its socket has it.
    """
    environ = base.copy()
    target = request.target.decode("latin-1")
    path, query = _split(target)
    environ["REQUEST_METHOD"] = request.method.decode("latin-1")
    environ["RAW_URI"] = target
    environ["PATH_INFO"] = path
    environ["QUERY_STRING"] = query
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if request.version[1] else "HTTP/1.0"
    if isinstance(peer, tuple):
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = peer[0], str(peer[1])
    else:
        environ["REMOTE_ADDR"] = ""
    _add_headers(environ, request.headers)
    if request.chunked:
        del environ["HTTP_TRANSFER_ENCODING"]
        environ["CONTENT_LENGTH"] = str(len(request.body))
    environ["wsgi.input"] = io.BytesIO(request.body)
    return environ


def _split(target: str) -> tuple[str, str]:
    if "://" in target and not target.startswith("/"):  # a proxy's form, http://host/path
        target = "/" + target.partition("://")[2].partition("/")[2]
    path, _, query = target.partition("#")[0].partition("?")
    if "%" in path:
        path = unquote_to_bytes(path.encode("latin-1")).decode("latin-1")
    return path, query


def _add_headers(environ: Environ, headers: list[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        key = _NAMES.get(name) or _key(name)
        # A name with _ would pass for the same name with -, which a proxy has checked.
        if not key:
            continue
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text


def _key(name: bytes) -> str:
    if b"_" in name:
        return ""
    key = name.decode("latin-1").upper().replace("-", "_")
    if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        key = f"HTTP_{key}"
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = key
    return key
