"""Frames of a spool file: encrypted one by one, with a zero length behind the last.

A file's space is reserved with zeros, so a reader stops at the first frame that was not written,
and a frame that a crash cut short does not open: it was never acknowledged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_LENGTH: Final = struct.Struct(">I")
NONCE: Final = 12
OVERHEAD: Final = _LENGTH.size + NONCE + 16
"""Bytes that a frame takes besides its content: length, nonce, tag."""


def seal(key: AESGCM, name: str, number: int, nonce: bytes, content: bytes) -> bytes:
    """Return one frame, encrypted.

    Args:
        key: of the spool.
        name: of the file, so that a frame cannot be moved to another.
        number: of the frame in its file, from 0, so that none can be left out or moved.
        nonce: 12 random bytes.
        content: not empty.
    """
    sealed = key.encrypt(nonce, content, _bound(name, number))
    return _LENGTH.pack(len(sealed)) + nonce + sealed


def read(key: AESGCM, name: str, file: BinaryIO) -> Iterator[bytes]:
    """Yield the contents of a file's frames, up to the end of what was written whole."""
    number = 0
    while True:
        head = file.read(_LENGTH.size)
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        if not length:
            return
        nonce, sealed = file.read(NONCE), file.read(length)
        try:
            yield key.decrypt(nonce, sealed, _bound(name, number))
        except (InvalidTag, ValueError):
            return  # cut short by a crash, behind everything that was acknowledged
        number += 1


def _bound(name: str, number: int) -> bytes:
    return f"{name}:{number}".encode()
