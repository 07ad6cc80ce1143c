"""An installation made of real processes that tests kill, freeze and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from child_processes import eventually, free_port, running
from places import ROOT

from nudge.settings.settings import Settings, load

SLOTS = Path(__file__).with_name("slots")
PAUSE = 0.1
"""Seconds until a process that died is started again, as a system's own supervisor does."""


@dataclass
class Kept:
    """A program that is started again whenever it ends, until `leave`.

    Attributes:
        process: the present one, or the last.
        deaths: how often it was started again.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)
    deaths: int = 0

    def __post_init__(self) -> None:
        """Start."""
        self._leaving = threading.Event()
        self._start()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal; what dies of it is started again."""
        self.process.send_signal(number)

    def leave(self) -> None:
        """End it for good, in order."""
        self._leaving.set()
        self._thread.join()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _watch(self) -> None:
        while not self._leaving.wait(PAUSE):
            if self.process.poll() is not None:
                self.deaths += 1
                self._start()

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environ, stdout=output, stderr=output
            )


@dataclass
class Site:
    """The site of one installation, where its processes meet.

    Attributes:
        directory: holds everything: configuration, data, logs, faults.
        settings: of every process.
        environ: of every process.
    """

    directory: Path
    settings: Settings
    environ: dict[str, str]
    kept: dict[str, Kept] = field(default_factory=dict)

    def keep(self, name: str, *arguments: str, **environ: str) -> Kept:
        """Start a Python program and keep it running."""
        command = [sys.executable, *arguments]
        log = self.directory / f"{name}.log"
        self.kept[name] = Kept(command, self.environ | environ, log)
        return self.kept[name]

    def serve(self) -> Kept:
        """Keep `nudge serve` running: the whole product."""
        return self.keep("serve", "-m", "nudge", "serve")

    def web(self, **environ: str) -> Kept:
        """Keep gunicorn running."""
        config = str(self.settings.config_dir / "gunicorn.conf.py")
        return self.keep("web", "-m", "gunicorn", "-c", config, "wsgi:app", **environ)

    def work(self, *names: str, **environ: str) -> Kept:
        """Keep a worker running."""
        title = "-".join(("work", *names))
        return self.keep(title, "-m", "nudge", "work", *names, **environ)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line to its end."""
        command = [sys.executable, "-m", "nudge", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False
        )

    def logs(self) -> str:
        """The ends of all logs, for messages."""
        parts = (f"== {p.name}\n{p.read_text()[-4000:]}" for p in self.directory.glob("*.log"))
        return "\n".join(parts)

    @property
    def faults(self) -> Path:
        """The directory where a file of a fault point's name kills who passes it."""
        return self.directory / "faults"

    def fault(self, point: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Let the next process that passes this point die there, or freeze."""
        draft = self.directory / point
        draft.write_text(number.name)
        draft.rename(self.faults / point)

    def struck(self, point: str, seconds: float = 60.0) -> bool:
        """Wait until somebody has died there."""
        return eventually(lambda: not (self.faults / point).exists(), seconds)


@contextmanager
def installed(**variables: str) -> Iterator[Site]:
    """A fresh installation on loopback; its processes end with the block."""
    with tempfile.TemporaryDirectory(prefix="nudge-f-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        config = directory / "config"
        shutil.copytree(ROOT / "config", config, ignore=shutil.ignore_patterns("slots"))
        shutil.copytree(SLOTS, config / "slots")
        (directory / "faults").mkdir()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUDGE_")}
        environ = inherited | _variables(directory) | variables
        site = Site(directory, load(environ), environ)
        try:
            yield site
        finally:
            for one in reversed(list(site.kept.values())):
                one.leave()


def _variables(directory: Path) -> dict[str, str]:
    return {
        "NUDGE_DATA_DIR": str(directory / "data"),
        "NUDGE_CONFIG_DIR": str(directory / "config"),
        "NUDGE_FAULT_DIR": str(directory / "faults"),
        "NUDGE_BIND": f"127.0.0.1:{free_port()}",
        "NUDGE_ADMIN_KEY": "faults-admin-key-0123456789abcdef",
        "NUDGE_PAGE_KEY": "faults-page-key-0123456789abcdef",
        "NUDGE_SECRET_KEY": "faults-secret-key-0123456789abcdef",
        "NUDGE_PUBLISH_EVERY": "1",
        "NUDGE_ARCHIVE_EVERY": "1",
    }


def descendants(pid: int) -> dict[int, str]:
    """Pid -> command line of all that a process has started, and what those have started."""
    found: dict[int, str] = {}
    left = [pid]
    while left:
        for child in _children(left.pop()):
            found[child] = _command(child)
            left.append(child)
    return found


def webs(pid: int) -> list[int]:
    """The processes below `pid` that answer requests: gunicorn's children."""
    below = descendants(pid)
    if "gunicorn" in _command(pid):
        return _children(pid)
    masters = [one for one, command in below.items() if "gunicorn" in command]
    return [child for one in masters for child in _children(one)]


def _children(pid: int) -> list[int]:
    try:
        tasks = [*Path(f"/proc/{pid}/task").glob("*/children")]
        return [int(child) for task in tasks for child in task.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def slain(pid: int) -> bool:
    """Kill a process of ours with -9; whether it was there."""
    if not running(pid):
        return False
    os.kill(pid, signal.SIGKILL)
    return True
