"""Records that were acknowledged are on disk, encrypted, and come back once, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nudge.errors import SpoolFullError
from nudge.spool.spool import Spool

KEY = b"k" * 32
SIZE = 1 << 20


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path, KEY, SIZE)


def contents(spool: Spool) -> list[bytes]:
    return [content for _, frames in spool.ready() for content in frames]


def test_what_is_appended_comes_back_in_order_after_hand_over(spool: Spool) -> None:
    """Nothing can be drained before the hand-over; then everything, in order."""
    for i in range(50):
        spool.append([f"{i}a".encode(), f"{i}b".encode()])
    assert contents(spool) == []
    assert spool.hand_over()
    assert contents(spool) == [f"{i}{x}".encode() for i in range(50) for x in "ab"]
    assert not spool.hand_over()


def test_threads_share_flushes_and_lose_nothing(spool: Spool) -> None:
    """Each of 16 threads finds what it appended, in its own order."""

    def work(name: int) -> None:
        for i in range(50):
            spool.append([f"{name} {i}".encode()])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.hand_over()
    found = [tuple(map(int, c.split())) for c in contents(spool)]
    assert sorted(found) == [(n, i) for n in range(16) for i in range(50)]
    for n in range(16):
        assert [i for name, i in found if name == n] == list(range(50))


def test_hand_over_between_appends_loses_nothing(spool: Spool) -> None:
    """While 8 threads append, hand-overs come and go: every acknowledged frame is in one file."""
    done = threading.Event()

    def work(name: int) -> None:
        for i in range(100):
            spool.append([f"{name} {i}".encode()])

    def hand() -> None:
        while not done.is_set():
            spool.hand_over()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    handing = threading.Thread(target=hand)
    for thread in (*threads, handing):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    handing.join()
    spool.hand_over()
    assert len(contents(spool)) == len(set(contents(spool))) == 800


def test_nothing_stands_in_clear(spool: Spool, tmp_path: Path) -> None:
    """The content cannot be read from the file's bytes, nor opened with another key."""
    spool.append([b"a secret of a visitor"])
    spool.hand_over()
    assert all(b"secret" not in path.read_bytes() for path in tmp_path.iterdir())
    assert contents(Spool(tmp_path, b"x" * 32, SIZE)) == []


def test_full_is_said_and_what_was_kept_stays(tmp_path: Path) -> None:
    """A batch that does not fit is refused whole; what was acknowledged before is still there."""
    spool = Spool(tmp_path, KEY, 4096)
    spool.append([b"x" * 1000])
    with pytest.raises(SpoolFullError):
        spool.append([b"y" * 2000, b"z" * 2000])
    spool.hand_over()
    assert contents(spool) == [b"x" * 1000]


def test_a_disk_that_refuses_is_never_acknowledged(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed write the file takes no more; what was on disk before can be drained."""
    spool.append([b"before"])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", _refuse)
        with pytest.raises(SpoolFullError):
            spool.append([b"lost"])
    with pytest.raises(SpoolFullError):
        spool.append([b"after"])
    spool.hand_over()
    assert contents(spool)[0] == b"before"
    spool.append([b"again"])


def test_who_cannot_wait_for_the_disk_need_not(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk stalls an append returns after its patience, and is not lost by it.

    It is in the file: the process may die. Whoever waits without a bound is held until the disk
    goes on.
    """
    stalled = threading.Event()
    real = os.fdatasync

    def stall(file: int) -> None:
        stalled.wait()
        real(file)

    monkeypatch.setattr(os, "fdatasync", stall)
    spool.append([b"page"], patience=0.01)
    waiting = threading.Thread(target=spool.append, args=([b"event"],))
    waiting.start()
    assert not spool.hand_over()
    waiting.join(0.2)
    assert waiting.is_alive()
    stalled.set()
    waiting.join()
    assert spool.taken == 2
    assert spool.hand_over()
    assert contents(spool) == [b"page", b"event"]


def _refuse(_: int) -> None:
    raise OSError("no space left")


def test_a_killed_process_leaves_what_it_acknowledged(tmp_path: Path) -> None:
    """Kill -9 in the middle of appending: every acknowledged frame is drained by another."""
    code = (
        "import sys; from pathlib import Path; from nudge.spool.spool import Spool\n"
        f"spool = Spool(Path({str(tmp_path)!r}), {KEY!r}, {SIZE})\n"
        "for i in range(10**6):\n"
        "    spool.append([str(i).encode()]); print(i, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout
        acknowledged = [int(process.stdout.readline()) for _ in range(200)]
        living = Spool(tmp_path, KEY, SIZE)
        assert contents(living) == []  # its owner lives
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
    last = int(rest[-1]) if rest else acknowledged[-1]
    found = [int(c) for c in contents(living)]
    assert found[: last + 1] == list(range(last + 1))


def test_one_process_drains_at_a_time(tmp_path: Path) -> None:
    """The right to drain is one process's; it passes on when that one leaves."""
    first, second = Spool(tmp_path, KEY, SIZE), Spool(tmp_path, KEY, SIZE)
    with first.draining() as mine, second.draining() as theirs:
        assert (mine, theirs) == (True, False)
    with second.draining() as now:
        assert now
