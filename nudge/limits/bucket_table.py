"""Token buckets in one small file that all processes of a machine map into their memory.

A bucket is one number, the theoretical arrival time of the generic cell rate algorithm (GCRA, in
its form of virtual scheduling: ITU-T I.371, annex A; ATM Forum TM 4.1, section 4.4.2): the moment
from which the bucket is full again. A call of `n` units moves it `n / rate` seconds on, and is
admitted while it stays within `burst / rate` seconds of now. Nothing has to be refilled.

The table has a fixed size, whatever comes: sets of four places, of which a keyed hash names one,
so nobody can aim at another's place. Where all four are taken, the fullest bucket gives way: it
forgets least. No lock is held: two processes that write one bucket in the same microsecond lose
one of two counts, which costs a token.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import mmap
import os
import secrets
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from nudge.settings.rate import Rate

log = structlog.get_logger()

SETS: Final = 16_384
WAYS: Final = 4
"""Places of a set: 64 bytes, a line of the processor's cache."""
LARGEST: Final = 1000.0
"""Units of the largest call; a debt beyond its own is no bucket's, and is cut."""
REMEMBERED: Final = 4096
"""Keys whose hash a process remembers."""
_PLACE: Final = struct.Struct("=Qd")
_SET: Final = struct.Struct("=" + "Qd" * WAYS)
_HASH: Final = struct.Struct("=QQ")
_HEADER: Final = struct.Struct("=16s40sQ")
SIZE: Final = _HEADER.size + SETS * _SET.size
"""Bytes of the file: 1 MiB, and its header."""
_MAGIC: Final = b"nudge limits 1\n"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Bid(NamedTuple):
    """A call's wish to take units of one bucket.

    Attributes:
        key: what is limited; kept as a keyed hash only.
        rate: limit of the bucket.
        units: to be taken, above 0.
    """

    key: bytes
    rate: Rate
    units: float


class BucketTable:
    """A table of token buckets; safe to share between threads and processes.

    Args:
        memory: `SIZE` bytes.
        secret: key of the hash, 16 to 64 bytes; the same in all processes.
    """

    def __init__(self, memory: mmap.mmap, secret: bytes) -> None:
        self._memory = memory
        self._secret = secret
        self._hash = lru_cache(REMEMBERED)(self._place)

    @classmethod
    def open(cls, path: Path, secret: bytes) -> BucketTable:
        """Open the table that the processes of this machine share, or make it.

        Where the file cannot be had, this process counts alone: a limit never stops the service.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(path.parent):
                return cls(_mapped(path), secret)
        except (OSError, ValueError) as error:
            log.warning("limits_not_shared", error=str(error))
            return cls(mmap.mmap(-1, SIZE), secret)

    def take(self, key: bytes, rate: Rate, units: float, now: float) -> float:
        """Take units of a bucket if it holds them.

        Args:
            key: what is limited.
            rate: limit; a bucket of another rate should have another key.
            units: more than the bucket ever holds is admitted when it is full, and owed.
            now: seconds on a clock that never jumps and is one for all processes.

        Returns:
            Seconds to wait; 0 where the units were taken.
        """
        return self.take_all(((key, rate, units),), now)[0]

    def take_all(self, bids: Sequence[tuple[bytes, Rate, float]], now: float) -> tuple[float, ...]:
        """Take units of several buckets, or of none of them.

        Args:
            bids: of different keys; plain tuples on the hot path.
            now: seconds on a clock that never jumps and is one for all processes.

        Returns:
            Seconds to wait for each bucket; all 0 where the units were taken.
        """
        waits, writes = [], []
        for key, rate, units in bids:
            start, mark = self._hash(key)
            offset, full_at = self._find(start, mark)
            if not full_at > now:
                full_at = now
            else:
                # More is no sequence of calls, but bytes that two processes wrote at once, or a
                # clock that began anew: it is cut, so that nobody is locked out.
                latest = now + (rate.burst + LARGEST + units) / rate.per_second
                full_at = min(full_at, latest)
            room = (rate.burst - units) / rate.per_second if units < rate.burst else 0.0
            wait = full_at - now - room
            waits.append(wait if wait > 0 else 0.0)
            writes.append((offset, mark, full_at + units / rate.per_second))
        if not any(waits):
            for write in writes:
                _PLACE.pack_into(self._memory, *write)
        return tuple(waits)

    def _place(self, key: bytes) -> tuple[int, int]:
        """Return where the key's set begins, and the key's mark in it, which is never 0."""
        digest = hashlib.blake2b(key, digest_size=_HASH.size, key=self._secret).digest()
        number, mark = _HASH.unpack(digest)
        return _HEADER.size + number % SETS * _SET.size, mark | 1

    def _find(self, start: int, mark: int) -> tuple[int, float]:
        """Find a bucket: where it is, and from when on it is full.

        A new one takes the place of the fullest of its set.
        """
        places = _SET.unpack_from(self._memory, start)
        # By hand: the usual page pays for each call.
        if places[0] == mark:
            return start, places[1]
        marks, times = places[::2], places[1::2]
        if mark in marks:
            way = marks.index(mark)
            return start + way * _PLACE.size, times[way]
        return start + times.index(min(times)) * _PLACE.size, 0.0


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock: of several processes that start, one makes the file."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _mapped(path: Path) -> mmap.mmap:
    """Map the file, made anew unless it is one of this boot; the directory's lock is held."""
    header = _HEADER.pack(_MAGIC, _boot(), SIZE)
    with contextlib.suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            if os.pread(handle, len(header), 0) == header and os.fstat(handle).st_size == SIZE:
                return mmap.mmap(handle, SIZE)
        finally:
            os.close(handle)
    return _made(path, header)


def _made(path: Path, header: bytes) -> mmap.mmap:
    """Make the file under another name first: who has the old one mapped must keep its bytes."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        _fill(handle, header)
        memory = mmap.mmap(handle, SIZE)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return memory


def _fill(handle: int, header: bytes) -> None:
    """Write the file out: a hole that the disk has no room for would kill whoever writes there."""
    if os.pwrite(handle, header + bytes(SIZE - len(header)), 0) < SIZE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _boot() -> bytes:
    """Name of the machine's present run, with which the clock begins; empty where none is told."""
    try:
        return _BOOT.read_bytes()[:40].strip()
    except OSError:
        return b""
