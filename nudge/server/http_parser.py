"""The parser of HTTP/1.1: gunicorn's own, in C where that could be built, else in Python.

Both have one interface, so the reader does not know which one it holds. The one in C has to be
compiled; a machine without a compiler serves with the other (docs/decisions/0019-web-server.md).
"""

from __future__ import annotations

from typing import Any, Final

from gunicorn.asgi import parser as python

try:
    import gunicorn_h1c as native
except ImportError:  # no compiler, or none for this platform
    native = None


MOST: Final = 2**63 - 1


class PythonParser(python.PythonProtocol):  # type: ignore[misc]
    """The parser in Python, with what only the parser in C has: one question and one bound."""

    __slots__ = ()

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            ParseError: they are no request, or announce more bytes than a counter holds.
        """
        super().feed(data)
        if max(self.content_length or 0, self._chunk_size) > MOST:
            raise python.ParseError("more bytes are announced than can be counted")

    def get_header(self, name: bytes) -> bytes | None:
        """Return the value of the first header of a name, in any case; None without one."""
        wanted = name.lower()
        return next((value for one, value in self.headers if one.lower() == wanted), None)


PARSER: Final[Any] = PythonParser if native is None else native.H1CProtocol
_ERRORS: Final = (python,) if native is None else (python, native)
PARSE_ERRORS: Final = (python.ParseError, ValueError)
"""Errors of what is no request; the parser in C has two classes of that name, both ValueErrors."""
LONG_LINE: Final[tuple[type[Exception], ...]] = tuple(one.LimitRequestLine for one in _ERRORS)
LONG_HEADERS: Final[tuple[type[Exception], ...]] = tuple(one.LimitRequestHeaders for one in _ERRORS)
