"""A backup as a file: compressed frames, and a checksum over all of them."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

import msgpack

from nudge.errors import CorruptRecordError, InvalidConfigError
from nudge.store.keeping.backup import Frame

NAME: Final = "store.nudge"
LEVEL: Final = 3
"""Of the compression: records are small and alike, more costs time and saves little."""


def write(directory: Path, frames: Iterable[Frame]) -> tuple[Path, int]:
    """Write a backup, whole or not at all; an earlier one is replaced when it is complete.

    Returns:
        The file, and how many frames it has.

    Raises:
        InvalidConfigError: the directory cannot be written.
    """
    path = directory / NAME
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{NAME}.", dir=directory)
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=LEVEL) as packed:
                    count = _write(packed, frames)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        cure = "name a directory that this user can write, with room enough"
        raise InvalidConfigError([f"{path}: cannot be written ({error}); {cure}"]) from error
    return path, count


def read(path: Path) -> Iterator[Frame]:
    """Yield the frames of a backup; `check` it before using them.

    Args:
        path: of the file, or of its directory.

    Raises:
        CorruptRecordError: it was cut off or changed. Known at the end only.
        InvalidConfigError: there is no such file.
    """
    path = path / NAME if path.is_dir() else path
    try:
        with gzip.open(path, "rb") as file:
            yield from _read(path, file)
    except FileNotFoundError as error:
        raise InvalidConfigError([f"{path}: there is no backup"]) from error
    except (OSError, EOFError, zlib.error, ValueError, msgpack.UnpackException) as error:
        raise CorruptRecordError(f"{path}: not a complete backup: {error}") from error


def check(path: Path) -> int:
    """Read a backup to its end and return how many frames it has.

    Raises:
        CorruptRecordError: it was cut off or changed.
        InvalidConfigError: there is no such file.
    """
    return sum(1 for _ in read(path))


def _write(file: IO[bytes] | gzip.GzipFile, frames: Iterable[Frame]) -> int:
    digest, count = hashlib.sha256(), 0
    for frame in frames:
        packed: bytes = msgpack.packb(frame)
        digest.update(packed)
        file.write(packed)
        count += 1
    file.write(msgpack.packb(("end", count, digest.hexdigest())))
    return count


def _read(path: Path, file: IO[bytes] | gzip.GzipFile) -> Iterator[Frame]:
    digest, count = hashlib.sha256(), 0
    for frame in msgpack.Unpacker(file, use_list=False, max_buffer_size=0):
        if frame[0] == "end":
            if frame[1:] != (count, digest.hexdigest()):
                raise CorruptRecordError(f"{path}: its checksum is not that of its content")
            return
        digest.update(msgpack.packb(frame))
        count += 1
        yield frame
    raise CorruptRecordError(f"{path}: not a complete backup: it ends after {count} frames")
