"""The store's log: with the kernel before each answer, on the disk a second later."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
import redis
from child_processes import eventually

from nudge.processes import embedded, syncing

SLOW = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int slow(const char *name, int file) {
    usleep(800000);
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(file);
}
int fdatasync(int file) { return slow("fdatasync", file); }
int fsync(int file) { return slow("fsync", file); }
"""

Launched = Callable[..., "tuple[subprocess.Popen[bytes], redis.Redis]"]


@pytest.fixture
def slow_disk(tmp_path: Path) -> Path:
    """A library that makes each sync of a process take .8 s."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make a slow disk with")
    source, library = tmp_path / "slow.c", tmp_path / "slow.so"
    source.write_text(SLOW)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture
def launched() -> Iterator[Launched]:
    """Starts a store; those that are left are killed with the test."""
    with ExitStack() as stack:

        def launch(
            directory: Path, library: str = "", aof: str = "everysec"
        ) -> tuple[subprocess.Popen[bytes], redis.Redis]:
            process, client = launch_in(directory, library, aof)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process, client

        yield launch


def launch_in(
    directory: Path, library: str, aof: str
) -> tuple[subprocess.Popen[bytes], redis.Redis]:
    options = embedded.persistence(aof) | {"port": "0", "unixsocket": "s"}
    flat = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [embedded._binary(), "--dir", str(directory), *flat]
    log = (directory / "log").open("wb")
    process = subprocess.Popen(command, env={"LD_PRELOAD": library}, stdout=log, cwd=directory)
    # A relative name, since pytest's directories are too deep for the path of a unix socket.
    os.chdir(directory)
    client = redis.Redis(unix_socket_path="s", retry=None)
    assert eventually(lambda: embedded.ping(Path("s")).startswith(b"+PONG"))
    return process, client


def test_a_killed_store_has_all_that_it_acknowledged(
    slow_disk: Path, launched: Launched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while a sync is under way: the server's own `everysec` holds writes back then."""
    monkeypatch.chdir(tmp_path)
    process, client = launched(tmp_path, str(slow_disk))
    until, acknowledged = time.monotonic() + 2.6, 0
    while time.monotonic() < until:  # the server's third sync has just begun
        acknowledged = int(client.incr("n"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process, client = launched(tmp_path)
    assert int(client.get("n") or 0) == acknowledged


def test_always_waits_for_the_disk_before_it_answers(
    slow_disk: Path, launched: Launched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `always` nothing is acknowledged that a power failure could lose: the sync comes first.

    With `everysec` the answer does not wait for it.
    """
    monkeypatch.chdir(tmp_path)
    for aof, waits in (("always", True), ("everysec", False)):
        process, client = launched(tmp_path, str(slow_disk), aof)
        begin = time.monotonic()
        client.incr("n")
        assert (time.monotonic() - begin > 0.7) is waits
        process.kill()


def test_every_file_of_the_log_is_synced_every_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writes younger than that, and the sync's own time, are what a power failure may cost."""
    (tmp_path / "one.aof").write_bytes(b"1")
    synced: list[tuple[float, str]] = []
    real = os.fdatasync

    def noted(file: int) -> None:
        real(file)
        synced.append((time.monotonic(), str(Path(f"/proc/self/fd/{file}").readlink())))

    monkeypatch.setattr(os, "fdatasync", noted)
    syncing.Syncer(tmp_path, print)
    assert eventually(lambda: len(synced) >= 6, 10)
    for path in (tmp_path / "one.aof", tmp_path):
        times = [at for at, name in synced if name == str(path.resolve())]
        assert len(times) >= 3
        assert all(0.9 < after - before < 5.0 for before, after in pairwise(times))


def test_trouble_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses is news when it begins and when it ends."""
    told: list[str] = []
    refused = iter([False, True, True, False, False])

    def sync(_: Path) -> None:
        if next(refused, False):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(syncing, "EVERY", 0.01)
    monkeypatch.setattr(syncing, "sync", sync)
    syncing.Syncer(tmp_path, told.append)
    assert eventually(lambda: len(told) == 2)
    assert "Input/output error" in told[0]
    assert "again" in told[1]


def test_a_log_that_changes_meanwhile_is_no_trouble(tmp_path: Path) -> None:
    """Files come and go while the server rewrites its log; before its start there are none."""
    syncing.sync(tmp_path / "none")
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    syncing.sync(tmp_path)
