"""A real `nudge serve` in a process of its own, and what the tests ask of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from places import ROOT

from nudge.client.api import Api, ServiceTarget
from nudge.lake.files.reader import Lake

SAMPLE = ROOT / "tests" / "data" / "hillstrom_sample.csv"
MAPPING = ROOT / "examples" / "hillstrom" / "mapping.toml"
ADMIN_KEY = "e2e-admin-key-0123456789abcdefghi"
PAGE_KEY = "e2e-page-key-0123456789abcdefghij"
READY = 60.0
"""Seconds: a busy machine may be slow; how fast it should be has a test of its own."""


@dataclass(frozen=True)
class Service:
    """A running service.

    Attributes:
        url: of the web.
        data_dir: of the installation.
        environ: of every process that belongs to it.
        pid: of `nudge serve`.
        log: what it prints.
    """

    url: str
    data_dir: Path
    environ: dict[str, str]
    pid: int
    log: Path

    @property
    def api(self) -> Api:
        """A client with every scope."""
        return Api(ServiceTarget(self.url, ADMIN_KEY))

    @property
    def lake(self) -> Lake:
        """Its lake."""
        return Lake(self.data_dir / "lake")

    @property
    def curl(self) -> list[str]:
        """The curl line that it prints, as the words that a shell reads."""
        lines = self.log.read_text().splitlines()
        line = next(line for line in lines if line.strip().startswith("curl "))
        script = f"set -- {line}\nprintf '%s\\n' \"$@\""
        command = ["/bin/sh", "-c", script]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line against it."""
        command = [sys.executable, "-m", "nudge", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False
        )

    def settled(self, seconds: float = 60.0) -> bool:
        """Wait until every fold has read everything; the archive too."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.api.get("/readyz")
            if found["status"] == "ready" and not any(found["lags"].values()):
                return True
            time.sleep(0.2)
        return False

    def performance(self, slot: str) -> Any:
        """The service's own figures."""
        return self.api.get(f"/v1/slots/{slot}/performance")


@contextmanager
def serving(data_dir: Path, port: int, *options: str, **more: str) -> Iterator[Service]:
    """`nudge serve` with the embedded store, on loopback, until the end of the block.

    Args:
        data_dir: of the installation.
        port: of the web.
        options: of the command.
        more: variables of its environment.
    """
    url, log = f"http://127.0.0.1:{port}", data_dir.with_suffix(".log")
    environ = environ_of(data_dir, port) | more
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "nudge", "serve", *options],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=output,
        )
    try:
        service = Service(url, data_dir, environ, process.pid, log)
        _await_welcome(service, process)
        yield service
    finally:
        process.terminate()
        process.wait(60)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(entry.name) for entry in found if _parent(entry) == pid]


def web_workers(service: Service) -> list[int]:
    """The processes of gunicorn that answer requests."""
    below = [child for one in children(service.pid) for child in children(one)]
    return [pid for pid in below if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended meanwhile


def environ_of(data_dir: Path, port: int) -> dict[str, str]:
    """The environment of every process of an installation."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("NUDGE_")}
    return inherited | {
        "NUDGE_DATA_DIR": str(data_dir),
        "NUDGE_CONFIG_DIR": str(ROOT / "config"),
        "NUDGE_BIND": f"127.0.0.1:{port}",
        "NUDGE_ADMIN_KEY": ADMIN_KEY,
        "NUDGE_PAGE_KEY": PAGE_KEY,
        "NUDGE_ARCHIVE_EVERY": "1",
        # A test machine is busy: what the hot path does within 50 ms is for the benchmarks.
        "NUDGE_HOT_TIMEOUT": "5",
    }


def _await_welcome(service: Service, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY
    while "Ctrl-C stops everything" not in service.log.read_text():
        assert process.poll() is None, service.log.read_text()
        assert time.monotonic() < until, service.log.read_text()
        time.sleep(0.05)
