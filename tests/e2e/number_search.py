"""A search for phone numbers in any bytes: as text, as integers and floats, and as plain hashes."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nudge.store.wire.client import Client, patient

DIGITS: Final = re.compile(rb"(?=(1[3-9]\d{9}))")
HEX: Final = re.compile(rb"[0-9a-f]{32,}|[0-9A-F]{32,}")
HASHES: Final = ("md5", "sha1", "sha256", "blake2b")
PIECE: Final = 1 << 24
INTEGER: Final = range(0x0003, 0x07EA)
"""The third and fourth byte of 13,000,000,000 to 8,699,999,999,999; the two before are zero."""
FLOAT: Final = range(0x4208, 0x42A0)
"""The first two bytes of the same as floats."""


@dataclass(frozen=True)
class NumberSearch:
    """A search for some numbers.

    Attributes:
        numbers: as they are dialled, eleven digits each.
    """

    numbers: frozenset[bytes]

    @cached_property
    def digests(self) -> dict[bytes, bytes]:
        """The first 16 bytes of each plain hash of each form of a number -> the number."""
        return {
            hashlib.new(name, form).digest()[:16]: one
            for one in self.numbers
            for form in (one, b"86" + one, b"+86" + one, one + b".0")
            for name in HASHES
        }

    @cached_property
    def _starts(self) -> NDArray[np.bool_]:
        """Which two bytes a raw digest begins with."""
        found = np.zeros(1 << 16, np.bool_)
        found[[int.from_bytes(one[:2]) for one in self.digests]] = True
        return found

    @cached_property
    def _values(self) -> dict[int, bytes]:
        """Each integer that is a number, with its country or without -> the number."""
        plain = {int(one): one for one in self.numbers}
        return plain | {8_600_000_000_000 + value: one for value, one in plain.items()}

    def found(self, blob: bytes) -> set[bytes]:
        """Return the numbers that are in some bytes."""
        text = {match[1] for match in DIGITS.finditer(blob)}
        if b"\0" in blob:  # UTF-16, or bytes between the digits
            text |= {match[1] for match in DIGITS.finditer(blob.replace(b"\0", b""))}
        return (text & self.numbers) | self._hashed(blob) | self._packed(blob)

    def _hashed(self, blob: bytes) -> set[bytes]:
        runs = (match[0].lower() for match in HEX.finditer(blob))
        starts = {bytes.fromhex(run[:32].decode()) for run in runs}
        return {self.digests[one] for one in starts & self.digests.keys()}

    def _packed(self, blob: bytes) -> set[bytes]:
        """Return the numbers among all runs of eight bytes: integers, floats, raw digests.

        Their first bytes rule out almost every run: reading all would take four times as long.
        """
        size = len(blob) - 7
        if size <= 0:
            return set()
        every = np.frombuffer(blob, np.uint8).astype(np.uint16)
        pairs = every[:-1] << 8 | every[1:], every[1:] << 8 | every[:-1]
        found: set[bytes] = set()
        for order, of, (head, tail) in zip("><", pairs, ((0, 2), (6, 4)), strict=True):
            begin, then = of[head : head + size], of[tail : tail + size]
            whole = (begin == 0) & (then - INTEGER.start < len(INTEGER))
            found |= self._whole(blob, np.flatnonzero(whole), f"{order}Q")
            real = begin - FLOAT.start < len(FLOAT)
            found |= self._whole(blob, np.flatnonzero(real), f"{order}d")
        places = np.flatnonzero(self._starts[pairs[0][:size]])
        starts = {blob[place : place + 16] for place in places.tolist()}
        return found | {self.digests[one] for one in starts & self.digests.keys()}

    def _whole(self, blob: bytes, places: NDArray[np.intp], form: str) -> set[bytes]:
        values = {struct.unpack_from(form, blob, place)[0] for place in places.tolist()}
        return {self._values[one] for one in values & self._values.keys()}


def stored(url: str) -> Iterator[bytes]:
    """Every key and every value of a store, many in one piece."""
    client = patient(url)
    reads: dict[bytes, tuple[str | int, ...]] = {
        b"none": ("EXISTS",),  # it ended just now
        b"string": ("GET",),
        b"hash": ("HGETALL",),
        b"zset": ("ZRANGE", 0, -1),
        b"set": ("SMEMBERS",),
        b"list": ("LRANGE", 0, -1),
        b"stream": ("XRANGE", "-", "+"),
    }
    held: list[bytes] = []
    for key in client.scan("*"):
        held.append(key.encode())
        kind = client.call("TYPE", key)
        name, *rest = reads[kind if isinstance(kind, bytes) else kind.encode()]
        held += _flat(client.call(str(name), key, *rest))
        if sum(map(len, held[-64:])) > PIECE or len(held) > 20_000:
            yield b"|".join(held)
            held = []
    yield b"|".join(held)
    _close(client)


def _close(client: Client) -> None:
    client.close()


def _flat(found: object) -> Iterator[bytes]:
    if isinstance(found, bytes):
        yield found
    elif isinstance(found, dict):
        for pair in found.items():
            yield from _flat(pair)
    elif isinstance(found, list | tuple | set):
        for one in found:
            yield from _flat(one)


def files(directories: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file below some directories as it lies on disk, and what Parquet files say."""
    for path in (one for directory in directories for one in sorted(directory.rglob("*"))):
        try:
            # The spool reserves its space: what was never written is nothing.
            data = _written(path.read_bytes()) if path.is_file() else b""
        except FileNotFoundError:
            continue  # a merge of the lake's files took it
        yield str(path), data
        if path.suffix == ".parquet":
            yield f"{path} (rows)", str(pq.read_table(path).to_pylist()).encode()


def _written(data: bytes) -> bytes:
    """Return the bytes without the zeros at their end."""
    places = np.flatnonzero(np.frombuffer(data, np.uint8))
    return data[: int(places[-1]) + 1] if len(places) else b""
