"""The embedded store keeps what it acknowledged, ends with its parent, and is alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from child_processes import eventually, running

from nudge.errors import StoreError
from nudge.processes import embedded, tether
from nudge.settings.settings import Aof, Settings

PARENT = """
import sys, time
from pathlib import Path
from nudge.processes import embedded
from nudge.settings.settings import Aof, Settings

store = embedded.start(Settings(secret_key=b"", data_dir=Path(sys.argv[1])))
print(store.pid, flush=True)
time.sleep(600)
"""
SHORT = embedded.Waits(lock=0.2, stop=10)


@pytest.fixture
def own(settings: Settings) -> Settings:
    """Settings whose store is embedded in a fresh data directory."""
    return replace(settings, redis_url=None)


@pytest.mark.parametrize("aof", ["everysec", "always"])
def test_what_was_acknowledged_survives_a_restart(own: Settings, aof: Aof) -> None:
    """Every acknowledged write is there after an orderly end."""
    own = replace(own, aof=aof)
    first = embedded.start(own)
    with redis.Redis.from_url(own.store_url) as client:
        client.xadd("journal", {"n": "1"})
    first.stop()
    second = embedded.start(own)
    with redis.Redis.from_url(own.store_url) as client:
        assert client.xlen("journal") == 1
    second.stop()


def test_what_was_acknowledged_survives_a_kill(own: Settings) -> None:
    """With `always`, the server's own death by kill -9 loses nothing either; no RDB is needed."""
    own = replace(own, aof="always")
    first = embedded.start(own)
    with redis.Redis.from_url(own.store_url) as client:
        client.incr("n", 7)
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    second = embedded.start(own)
    with redis.Redis.from_url(own.store_url) as client:
        assert client.get("n") == b"7"
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    second.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """A kill -9 of the parent leaves no server behind, and the directory is free again."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert running(pid)
    parent.kill()
    parent.communicate()
    assert eventually(lambda: not running(pid))
    embedded.start(Settings(secret_key=b"", data_dir=tmp_path)).stop()


def test_a_child_whose_parent_is_gone_before_it_starts_ends(tmp_path: Path) -> None:
    """The window between fork and prctl is closed: a wrong parent counts as a dead one."""
    mark = tmp_path / "ran"
    command = tether.command(["touch", str(mark)])
    command[3] = "1"
    assert subprocess.run(command, check=False).returncode == -signal.SIGTERM
    assert not mark.exists()


def test_where_the_kernel_cannot_tie_a_watcher_does() -> None:
    """The fallback forwards signals, passes the exit code on, and ends an orphan's command."""
    code = (
        "import os,signal,sys; from nudge.processes import tether;"
        "sys.exit(tether.watch({}, 15, {}))"
    )
    wait = ["sleep", "600"]
    orphan = code.format(1, wait)
    assert subprocess.run([sys.executable, "-c", orphan], check=False).returncode == 128 + 15
    fails = code.format("os.getppid()", ["false"])
    assert subprocess.run([sys.executable, "-c", fails], check=False).returncode == 1


def test_a_second_start_is_refused(own: Settings) -> None:
    """Two servers never write the same log; the message names the directory and the cure."""
    store = embedded.start(own)
    with pytest.raises(StoreError, match=r"another store runs on .*NUDGE_DATA_DIR"):
        embedded.start(own, SHORT)
    assert embedded.ping(own.socket_path).startswith(b"+PONG")
    store.stop()


def test_a_stale_socket_and_a_long_directory_are_no_obstacle(own: Settings) -> None:
    """A socket left by a crash is replaced; a path too long for a socket gets a short one."""
    own = replace(own, data_dir=own.data_dir / ("deep" * 30))
    assert len(os.fsencode(own.socket_path)) <= 100
    assert own.socket_path.parent.name.startswith("nudge-")
    own.socket_path.parent.mkdir()
    own.socket_path.write_text("stale")
    store = embedded.start(own)
    assert own.socket_path.stat().st_mode & 0o077 == 0
    store.stop()
    own.socket_path.parent.rmdir()


def test_a_server_that_cannot_start_says_why(own: Settings) -> None:
    """The error shows the end of the server's log and what to do; nothing keeps running."""
    store = embedded.start(own)
    with redis.Redis.from_url(own.store_url) as client:
        client.set("a", 1)
    store.stop()
    next((own.store_dir / "appendonlydir").glob("*.manifest")).write_text("damaged\n")
    with pytest.raises(StoreError, match=r"(?s)ended with code 1.*MANIFEST.*from the backup"):
        embedded.start(own)
    with pytest.raises(StoreError, match=r"ended with code"):
        embedded.start(own, SHORT)


def test_the_store_learns_no_secret(own: Settings) -> None:
    """The server's environment holds no variable of ours."""
    store = embedded.start(own)
    assert b"NUDGE" not in Path(f"/proc/{store.pid}/environ").read_bytes()
    store.stop()
