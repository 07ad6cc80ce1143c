"""Atomic, durable files: whole or absent, also after a power cut."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nudge.lake.files.errors import LakeAwayError

TEMPORARY = ".tmp"
"""Suffix of unfinished files; readers, and tools that glob, skip them."""


@contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Turn the system's errors into the lake's error.

    Raises:
        LakeAwayError: replaces any OSError.
    """
    try:
        yield
    except OSError as error:
        raise LakeAwayError(f"{what}: {error}") from error


def temporary(path: Path) -> Path:
    """Return a fresh name next to `path`, in a directory that exists and survives a crash."""
    _directory(path.parent)
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}{TEMPORARY}")


def publish(draft: Path, path: Path) -> None:
    """Give a finished file its name, atomically and durably; an older file is replaced."""
    sync(draft)
    os.replace(draft, path)  # noqa: PTH105  # tests crash at each of the module's system calls
    sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a small text file atomically and durably."""
    draft = temporary(path)
    draft.write_text(text, encoding="utf-8")
    publish(draft, path)


def sync(path: Path) -> None:
    """Wait until a file's content, or a directory's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _directory(path: Path) -> None:
    if path.is_dir():
        return
    _directory(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)
