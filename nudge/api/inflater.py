"""Compressed bodies (gzip, deflate), inflated with a limit, so that a bomb costs nothing."""

from __future__ import annotations

import io
import zlib
from typing import IO, Final

from werkzeug.exceptions import RequestEntityTooLarge

from nudge.errors import InvalidRequestError

GZIP_START: Final = b"\x1f\x8b"
"""First bytes of every gzip member; no JSON begins with them."""
ENCODINGS: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
"""Words of Content-Encoding -> kind of compression."""
MOST: Final = 10
"""Bytes that one sent byte may become."""
ROOM: Final = 262_144
"""Bytes that any body may become: a thousand events that are much alike shrink by more than ten."""
BLOCK: Final = 65_536
"""Bytes of one read from a stream."""
PIECE: Final = 4096
"""Bytes that are inflated at once: zlib copies what follows a member, and members may be tiny."""
_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
_ZLIB_METHOD: Final = 8
"""Low half of the first byte of a zlib stream."""


class BadCompressionError(InvalidRequestError):
    """The body is compressed, and broken or cut short."""

    code = "bad_compression"


class Inflater:
    """An inflater of one body, which may come in pieces and in several members.

    Args:
        kind: `gzip` or `deflate`, the latter with or without zlib's frame.
        limit: most bytes of the whole body; None for a stream of any length.
    """

    def __init__(self, kind: str, limit: int | None = None) -> None:
        self._kind = kind
        self._limit = limit
        self._sent = 0
        self._given = 0
        self._member: zlib._Decompress | None = None
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        """Inflate the next bytes.

        Raises:
            BadCompressionError: the bytes do not fit.
            RequestEntityTooLarge: the body becomes longer than it may.
        """
        self._sent += len(data)
        places = range(0, len(data), PIECE)
        return b"".join(self._feed_piece(data[place : place + PIECE]) for place in places)

    def close(self) -> None:
        """Check that the body is whole.

        Raises:
            BadCompressionError: it is cut short.
        """
        if self._member is not None or not self._ended:
            raise BadCompressionError("the compressed body is cut short; send all of it")

    def _feed_piece(self, data: bytes) -> bytes:
        parts = []
        # Zeros may fill up the last member's block.
        while data and (self._member or not self._ended or data.strip(b"\0")):
            if self._member is None:
                self._member = zlib.decompressobj(self._window(data))
            parts.append(self._inflated(self._member, data))
            data = self._member.unused_data or self._member.unconsumed_tail
            if self._member.eof:
                self._member, self._ended = None, True
        return b"".join(parts)

    def _inflated(self, member: zlib._Decompress, data: bytes) -> bytes:
        try:
            # One byte more than there is room for shows that the body is too long.
            found = member.decompress(data, self._room() + 1)
        except zlib.error as error:
            raise BadCompressionError(f"the body is not {self._kind}; compress it again") from error
        self._given += len(found)
        if self._room() < 0:
            raise RequestEntityTooLarge
        return found

    def _room(self) -> int:
        most = max(MOST * self._sent, ROOM)
        return (most if self._limit is None else min(most, self._limit)) - self._given

    def _window(self, data: bytes) -> int:
        if self._kind == "gzip":
            return _GZIP_WINDOW
        # Senders disagree on what deflate means; RFC 9110 means zlib's frame.
        return _ZLIB_WINDOW if data[0] & 0x0F == _ZLIB_METHOD else _RAW_WINDOW


class InflatingStream(io.RawIOBase):
    """A stream of plain bytes over a compressed one, which is inflated as it is read.

    Args:
        source: compressed bytes.
        kind: as `Inflater` has it.
    """

    def __init__(self, source: IO[bytes], kind: str) -> None:
        self._source = source
        self._inflater = Inflater(kind)
        self._left = b""
        self._over = False

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes; none at the end.

        Raises:
            BadCompressionError: the body is broken or cut short.
            RequestEntityTooLarge: the body becomes longer than it may.
        """
        while not self._over and (size < 0 or not self._left):
            block = self._source.read(BLOCK)
            if block:
                self._left += self._inflater.feed(block)
            else:
                self._over = True
                self._inflater.close()
        size = len(self._left) if size < 0 else size
        given, self._left = self._left[:size], self._left[size:]
        return given
