"""The claim of one supervisor to a data directory and a port, and the file that says so."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from nudge import clock
from nudge.errors import NudgeError
from nudge.processes import lockfile
from nudge.settings.settings import Settings

FILE_NAME = "serve.json"
"""In the data directory while a supervisor runs: `{pid, url, started}`, seconds since the epoch."""

_CURES = {
    errno.EADDRINUSE: "another program listens there: end it, or take another port",
    errno.EACCES: "this user may not listen there: take a port above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address: take 127.0.0.1 or 0.0.0.0",
}


class ServeError(NudgeError):
    """`nudge serve` cannot start or go on; the text says why, and the cure."""

    code = "cannot_serve"


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the data directory for this supervisor alone.

    Raises:
        ServeError: another one holds it.
    """
    try:
        with lockfile.hold_lock(settings.data_dir / "serve.lock"):
            yield
    except lockfile.HeldError as error:
        text = f"nudge serve runs on {settings.data_dir} already ({_holder(settings)})"
        cure = "end that one first, or choose another directory with --data-dir or NUDGE_DATA_DIR"
        raise ServeError(f"{text}; {cure}") from error


def check_port(settings: Settings) -> None:
    """Check that the web can listen; with gunicorn's option, so that a restart may.

    Raises:
        ServeError: it cannot.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            cure = _CURES.get(error.errno or 0, str(error))
            text = f"cannot listen on {settings.bind}: {cure}"
            raise ServeError(f"{text} (--port N, or NUDGE_BIND=HOST:PORT)") from error


@contextlib.contextmanager
def run_file(settings: Settings) -> Iterator[None]:
    """Write the file that says who serves the data directory, for as long as it does."""
    path = settings.data_dir / FILE_NAME
    draft = path.with_suffix(".tmp")
    found = {"pid": os.getpid(), "url": settings.url, "started": clock.now()}
    draft.write_text(json.dumps(found) + "\n", encoding="ascii")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _holder(settings: Settings) -> str:
    path: Path = settings.data_dir / FILE_NAME
    try:
        found = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        # It is still starting; that it runs is known from the lock.
        return "it is just starting"
    return f"pid {found.get('pid')} at {found.get('url')}"
