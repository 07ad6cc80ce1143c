"""The service that a flood is poured on, and the memory of its processes."""

from __future__ import annotations

import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from werkzeug.serving import make_server

from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slots
from nudge.flows.upkeep.apply import apply
from nudge.processes import embedded
from nudge.settings.settings import load
from nudge.wiring.web import create_app

KEY: Final = "benchmark-page-key-of-the-flood-0"
ADMIN: Final = "benchmark-admin-key-of-the-flood"


@contextmanager
def site() -> Iterator[tuple[int, str, int]]:
    """Run `nudge serve`; yield its port, a second page key, and its process id."""
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as name:
        port = _free_port()
        environ = os.environ | {
            "NUDGE_DATA_DIR": name,
            "NUDGE_ADMIN_KEY": ADMIN,
            "NUDGE_PAGE_KEY": KEY,
        }
        command = [sys.executable, "-m", "nudge"]
        serve = subprocess.Popen(  # noqa: S603 - our own
            [*command, "serve", "--port", str(port)], env=environ, stdout=subprocess.DEVNULL
        )
        try:
            _await_ready(port)
            create = [*command, "keys", "create", "--scope", "decide", "--json"]
            made = subprocess.run(create, env=environ, check=True, capture_output=True)  # noqa: S603 - our own
            time.sleep(1.0)  # until the web has read the key
            yield port, str(json.loads(made.stdout)["key"]), serve.pid
        finally:
            serve.send_signal(signal.SIGINT)
            serve.wait(60)


@contextmanager
def small_site() -> Iterator[tuple[int, str, int]]:
    """Serve in this process, without a worker: for the suite."""
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as name:
        environ = {"NUDGE_DATA_DIR": name, "NUDGE_ADMIN_KEY": ADMIN, "NUDGE_PAGE_KEY": KEY}
        settings = load(environ)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        store = embedded.start(settings)
        try:
            app = create_app(settings)
            service = app.extensions["nudge"]
            apply(service.store, plan({}, load_slots(Path("config/slots"))), Edit("bench", "", 1.0))
            other = service.store.api_keys.create(["decide"], "other", (), time.time())[1]
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield server.server_port, other, os.getpid()
            finally:
                server.shutdown()
                thread.join()
                service.store.client.close()
        finally:
            store.stop()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await_ready(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/readyz")
            if json.loads(line.getresponse().read())["status"] == "ready":
                return
        except (OSError, http.client.HTTPException, ValueError):
            pass
        time.sleep(0.2)
    raise TimeoutError("the service is not ready")


def memory_of(pid: int) -> dict[str, int]:
    """Megabytes of the store and of the web among the descendants of a process."""
    found = {"store": 0, "web": 0}
    for one in _descendants(pid):
        try:
            line = Path(f"/proc/{one}/cmdline").read_bytes()
            status = Path(f"/proc/{one}/status").read_text("utf-8")
        except OSError:
            continue
        size = re.search(r"VmRSS:\s+(\d+)", status)
        fits = {"store": b"valkey" in line or b"redis" in line, "web": b"gunicorn" in line}
        for kind in found:
            found[kind] += int(size[1]) // 1024 if size and fits[kind] else 0
    return found


def _descendants(pid: int) -> Iterator[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text("utf-8").split() if children.exists() else ():
        yield int(child)
        yield from _descendants(int(child))
