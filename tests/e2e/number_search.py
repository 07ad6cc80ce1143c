"""A search for phone numbers in any bytes: as text, as integers and floats, and as plain hashes."""

from __future__ import annotations

import hashlib
import re
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
_Words = NDArray[np.uint64]


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
    def _starts(self) -> _Words:
        return np.array(sorted({int.from_bytes(one[:8]) for one in self.digests}), np.uint64)

    @cached_property
    def _values(self) -> _Words:
        plain = {int(one) for one in self.numbers}
        whole = plain | {8_600_000_000_000 + one for one in plain}
        return np.array(sorted(whole), np.uint64)

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
        """Return the numbers among all runs of eight bytes: integers, floats, raw digests."""
        found: set[bytes] = set()
        for start in range(8):
            size = (len(blob) - start) // 8
            if size <= 0:
                break
            raw = np.frombuffer(blob, np.uint8, size * 8, start).tobytes()
            for order in (">", "<"):
                words = np.frombuffer(raw, f"{order}u8").astype(np.uint64)
                found |= self._whole(words)
                reals = np.frombuffer(raw, f"{order}f8").astype(np.float64)
                with np.errstate(invalid="ignore"):
                    near = reals[(reals >= 13e9) & (reals < 8.7e12)]
                found |= self._whole(near.astype(np.uint64))
                if order == ">":
                    found |= self._raw(words, raw)
        return found

    def _whole(self, words: _Words) -> set[bytes]:
        near = words[(words >= 13_000_000_000) & (words < 8_700_000_000_000)]
        hits = near[np.isin(near, self._values)]
        return {str(int(one))[-11:].encode() for one in hits}

    def _raw(self, words: _Words, raw: bytes) -> set[bytes]:
        places = np.flatnonzero(np.isin(words, self._starts))
        starts = {raw[8 * place : 8 * place + 16] for place in places}
        return {self.digests[one] for one in starts & self.digests.keys()}


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
            data = path.read_bytes().rstrip(b"\0") if path.is_file() else b""
        except FileNotFoundError:
            continue  # a merge of the lake's files took it
        yield str(path), data
        if path.suffix == ".parquet":
            yield f"{path} (rows)", str(pq.read_table(path).to_pylist()).encode()
