"""The spool of one process: appends with one `fsync` for all callers; drained later.

What is appended is in the file at once, where it survives this process; a thread brings it to the
disk, where it survives the machine. Whoever appends says how long to wait for that.

Files in the directory: `<name>.open` belongs to a living process, which holds a lock on it;
`<name>.ready` waits to be drained. A dead process's `.open` is taken like a ready one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nudge import faults
from nudge.errors import SpoolFullError
from nudge.spool import frames

OPEN: Final = ".open"
READY: Final = ".ready"
LEAVING: Final = 5.0
"""Seconds that a process that ends waits for its disk."""

log = structlog.get_logger()


class Spool:
    """The spool of one process; safe to share between threads, not over a fork.

    Args:
        directory: made if absent.
        key: 32 bytes.
        size: bytes that are reserved for each file; what does not fit is refused.
    """

    def __init__(self, directory: Path, key: bytes, size: int) -> None:
        self._directory = directory
        self._key = AESGCM(key)
        self._size = size
        self._synced = threading.Condition()
        self._syncing: threading.Thread | None = None
        self._queued = self._flushed = 0  # tickets, over all files of this process
        self._lost: set[int] = set()
        self._number = self._end = 0
        self._taken = self._refused = 0
        self._broken: OSError | None = None
        self._file: int | None = None

    @property
    def pending(self) -> int:
        """The number of frames that wait in this process's file."""
        return self._number

    @property
    def taken(self) -> int:
        """The number of records kept since this process began, over all its files."""
        return self._taken

    @property
    def refused(self) -> int:
        """The number of calls of `append` that kept nothing since this process began."""
        return self._refused

    @property
    def used(self) -> float:
        """The share of the reserved space that is used, in [0, 1]."""
        return self._end / self._size

    def reserve(self) -> None:
        """Reserve the space now rather than at the first append, when the disk may be full.

        Raises:
            SpoolFullError: the disk does not give it.
        """
        with self._synced:
            self._opened()

    def append(self, contents: Sequence[bytes], patience: float | None = None) -> None:
        """Append records; return when they are on disk, or after so much patience.

        Args:
            contents: to keep, in order.
            patience: seconds to wait for the disk; None waits as long as it takes. What is not on
                disk by then outlives this process, and not yet the machine.

        Raises:
            SpoolFullError: they do not fit, or the disk refuses; none of them is kept.
        """
        with self._synced:
            try:
                self._wait(self._queue(contents), patience)
            except SpoolFullError:
                self._refused += 1
                raise
            self._taken += len(contents)

    def hand_over(self) -> bool:
        """Leave the appended records to be drained, and begin a new file; False if empty."""
        with self._synced:
            if not self._number or self._flushed < self._queued:
                return False  # what is written is synced first; the next call comes soon
            self._leave()
            self._opened()
            return True

    @contextmanager
    def draining(self) -> Iterator[bool]:
        """Hold the right to drain the directory, one process at a time; False for the others."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._directory / "drain.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield _locked(file)
        finally:
            os.close(file)

    def close(self) -> None:
        """Close the spool: an empty file is removed, another is left to be drained."""
        with self._synced:
            self._synced.wait_for(self._quiet, LEAVING)
            self._leave()

    def ready(self) -> Iterator[tuple[Path, Iterator[bytes]]]:
        """Yield every file that can be drained, oldest first, with its contents."""
        mine = self._path if self._file is not None else None
        for path in sorted(self._directory.glob("*.*"), key=_age):
            if path.suffix == READY or (path != mine and _abandoned(path)):
                with path.open("rb") as file:
                    yield path, frames.read(self._key, path.stem, file)

    def _quiet(self) -> bool:
        return self._flushed >= self._queued

    def _wait(self, ticket: int, patience: float | None) -> None:
        self._synced.wait_for(lambda: self._flushed >= ticket, patience)
        if ticket in self._lost:
            self._lost.discard(ticket)
            raise SpoolFullError(f"the spool cannot be written: {self._broken}")

    def _opened(self) -> int:
        """Return the file's descriptor; a new file reserves its space first."""
        if self._file is not None:
            return self._file
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self._directory / f"{os.getpid()}-{secrets.token_hex(6)}.new"
        file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.posix_fallocate(file, 0, self._size)
            os.fsync(file)
        except OSError as error:
            os.close(file)
            made.unlink()
            raise SpoolFullError(f"the spool's space cannot be reserved: {error}") from error
        # Under its real name it is locked from the first moment: nobody takes it for abandoned.
        self._path = made.rename(made.with_suffix(OPEN))
        self._number = self._end = 0
        self._broken = None
        self._file = file
        return file

    def _leave(self) -> None:
        if self._file is None:
            return
        if self._number:
            self._path.rename(self._path.with_suffix(READY))
        else:
            self._path.unlink()
        os.close(self._file)
        self._file = None
        self._number = 0

    def _queue(self, contents: Sequence[bytes]) -> int:
        """Write records; return the number by which to wait until they are on disk."""
        file = self._opened()
        sealed: list[bytes] = []
        for content in contents:
            number = self._number + len(sealed)
            nonce = secrets.token_bytes(frames.NONCE)
            sealed.append(frames.seal(self._key, self._path.stem, number, nonce, content))
        data = b"".join(sealed)
        if self._broken or self._end + len(data) + frames.OVERHEAD > self._size:
            raise SpoolFullError(f"the spool takes no more ({self._broken or 'it is full'})")
        try:
            os.pwrite(file, data, self._end)
        except OSError as error:
            self._broken = error
            raise SpoolFullError(f"the spool cannot be written: {error}") from error
        self._number += len(sealed)
        self._end += len(data)
        self._queued += 1
        self._woken()
        return self._queued

    def _woken(self) -> None:
        """Make sure that a thread of this process syncs, so that it begins behind any fork."""
        if self._syncing is None:
            self._syncing = threading.Thread(target=self._sync, name="spool-sync", daemon=True)
            self._syncing.start()
        self._synced.notify_all()

    def _sync(self) -> None:
        """Sync what was written, for all waiting callers, for as long as the process lives.

        After a failure the file takes no more: what follows has no place.
        """
        while True:
            with self._synced:
                self._synced.wait_for(lambda: not self._quiet())
                ticket, file = self._queued, self._file
            error = _failure(file)
            with self._synced:
                if error is not None:
                    log.error("spool_broken", error=str(error))
                    self._broken, ticket = error, self._queued
                    self._lost.update(range(self._flushed + 1, ticket + 1))
                self._flushed = ticket
                self._synced.notify_all()


def _failure(file: int | None) -> OSError | None:
    """Wait for the disk; return its error, if any."""
    try:
        faults.point("spool.before_sync")
        if file is not None:
            os.fdatasync(file)
        faults.point("spool.after_sync")
    except OSError as error:
        return error
    return None


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _abandoned(path: Path) -> bool:
    """Return True for the file of a dead process: its lock is free."""
    if path.suffix != OPEN:
        return False
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return _locked(file)
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
