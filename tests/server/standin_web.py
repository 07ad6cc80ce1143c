"""One real web process with the shipped configuration and a stand-in for the application."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from child_processes import eventually, free_port
from places import ROOT

STANDIN = """
import time
from types import SimpleNamespace

class App:
    extensions = {"nudge": SimpleNamespace(start=lambda: None)}

    def __call__(self, environ, start_response):
        path, body = environ["PATH_INFO"], environ["wsgi.input"]
        if path == "/v1/sms/timings":
            start_response("200 OK", [("Content-Type", "application/x-ndjson")])
            return iter(body.readline, b"")
        if path == "/slow":
            time.sleep(0.5)
        said = {"/big": b"x" * 1_000_000}.get(path) or body.read() or path.encode()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [said]

app = App()
"""


@dataclass(frozen=True)
class Web:
    """A web process behind gunicorn's master."""

    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def running_web(**more: str) -> Iterator[Web]:
    """The web with the shipped configuration until the end of the block."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nudge-web-") as name:
        (Path(name) / "standin.py").write_text(STANDIN)
        environ = {n: v for n, v in os.environ.items() if not n.startswith("NUDGE_")} | {
            "NUDGE_DATA_DIR": f"{name}/data",
            "NUDGE_CONFIG_DIR": str(ROOT / "config"),
            "NUDGE_BIND": f"127.0.0.1:{port}",
            "NUDGE_WEB_WORKERS": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), name]),
            **more,
        }
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py", "standin:app"]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
        try:
            assert eventually(lambda: _answers(port))
            yield Web(port, process)
        finally:
            process.terminate()
            process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False  # not up yet: the caller asks again
