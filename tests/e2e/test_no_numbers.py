"""Whatever field a number is written into, no byte that is kept holds it, as text or as a hash."""

from __future__ import annotations

import hashlib
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_processes import free_port
from e2e_service import Service, serving
from number_files import walk_files
from number_search import NumberSearch, files, stored
from number_traffic import Caller, Numbers, number_of

FEW, MANY = 30, 5_000


def test_s14_the_search_finds_what_is_there() -> None:
    """Text, UTF-16, integers, floats, hashes in hex and raw: whatever stands around it."""
    one = number_of(1)
    search = NumberSearch(frozenset({one.encode(), number_of(2).encode()}))
    digest = hashlib.sha256(one.encode())
    for blob in (
        f"x{one}y".encode(),
        f"99{one}".encode(),
        one.encode("utf-16-le"),
        b"\xcf" + struct.pack(">Q", int(one)),
        b"abc" + struct.pack("<q", int("86" + one)),
        b"\xcb" + struct.pack(">d", float(one)) + b"!",
        digest.hexdigest().upper().encode(),
        b"12345" + digest.digest() + b"6",
        hashlib.sha1(b"+86" + one.encode()).hexdigest().encode(),  # noqa: S324 (what is looked for)
    ):
        assert search.found(blob) == {one.encode()}, blob
    assert search.found(bytes(range(256)) * 9 + b"1993000000 0") == set()


def assert_nowhere(caller: Caller, more: Path | None = None) -> None:
    """No number is in store, files, logs, metrics or errors."""
    service = caller.service
    search = NumberSearch(frozenset(number_of(i).encode() for i in range(caller.numbers.most)))
    for blob in stored(f"unix://{service.data_dir}/store/store.sock"):
        assert not search.found(blob)
    seen = 0
    for name, blob in files([service.data_dir, *([more] if more else [])]):
        seen += len(blob)
        assert not search.found(blob), name
    assert seen
    assert not search.found(service.log.read_bytes())
    assert not search.found(b"\n".join(caller.answers))
    assert not search.found(caller.send("GET", "/metrics")[1])


def test_s14_a_number_in_any_field_is_kept_nowhere(service: Service) -> None:
    """Every place of every body, parameter and header, every field of every event, and errors."""
    caller = Caller(service, Numbers(FEW), stride=6)
    caller.walk()
    caller.events()
    assert service.settled(60)
    assert_nowhere(caller)
    assert b"nudge_numbers_masked_total" in caller.send("GET", "/metrics")[1]


@pytest.fixture
def own() -> Iterator[tuple[Service, Path]]:
    with tempfile.TemporaryDirectory(prefix="nudge-numbers-") as directory:
        out = Path(directory) / "out"
        out.mkdir()
        data = Path(directory) / "data"
        with serving(data, free_port(), NUDGE_LOG_ACCESS="true", NUDGE_LOG_FORMAT="json") as one:
            yield one, out


@pytest.mark.soak
def test_s14_five_thousand_numbers_are_kept_nowhere(own: tuple[Service, Path]) -> None:
    """In fields, files and commands, with the store killed on the way, exports and backups too."""
    service, out = own
    caller = Caller(service, Numbers(MANY))
    while caller.numbers.used < MANY:
        caller.walk()
        caller.events()
    walk_files(service, caller, out)
    assert service.settled(120)
    assert_nowhere(caller, out)
