"""Bounds of a web process: what it may load, its memory, and how soon it answers."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_processes import free_port
from e2e_service import ROOT, Service, children, serving, web_workers

COMPILES = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
HEAVY = ("mabwiser", "pandas", "pyarrow", "ibis", "scipy", "duckdb", "sklearn")
MEMORY = 90 * 1024
"""Kilobytes."""
READY = 2.0
"""Seconds."""
LIBRARY = re.compile(rf"site-packages/(?:{'|'.join(HEAVY)})[/.]")

DECIDES = """
import sys
from nudge.wiring.web import create_app
app = create_app()
service = app.extensions["nudge"]
service.start()
body = {"visitor_id": "imports-1", "channel": "web", "page": "home", "slots": ["banner"]}
headers = {"Authorization": f"Bearer {service.settings.admin_key}"}
answer = app.test_client().post("/v1/decisions", json=body, headers=headers)
assert answer.status_code == 200, answer.text
print("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_deciding_imports_none_of_the_worker_libraries(service: Service) -> None:
    """An application that has answered a decision has none of them in sys.modules."""
    done = subprocess.run(
        [sys.executable, "-c", DECIDES],
        cwd=ROOT,
        env=service.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & set(HEAVY)


def test_web_processes_map_none_of_the_worker_libraries(service: Service) -> None:
    """The running processes have no shared object of them in memory."""
    workers = web_workers(service)
    assert workers
    for pid in workers:
        maps = Path(f"/proc/{pid}/maps").read_text()
        assert "numpy" in maps
        assert LIBRARY.findall(maps) == []


@pytest.fixture
def fresh() -> Iterator[Service]:
    """A service that nobody has used: what others sent would be in its memory, too.

    Its modules were imported before, as on any machine that has run it once: compiling them takes
    a process 12 MB that it does not give back.
    """
    command = [sys.executable, "-c", "import nudge.wiring.web"]
    subprocess.run(command, cwd=ROOT, env=COMPILES, check=True)
    with (
        tempfile.TemporaryDirectory(prefix="nudge-e2e-") as directory,
        serving(Path(directory) / "data", free_port()) as running,
    ):
        yield running


def test_web_process_stays_below_its_memory(fresh: Service) -> None:
    """After 2,000 decisions a web process holds less than 90 MB."""
    visitors = [[{"visitor_id": f"memory-{i}-{n}"} for n in range(20)] for i in range(50)]
    slots = ["banner", "denomination"]
    body = {"channel": "web", "page": "home", "slots": slots}
    for some in visitors:
        # A connection of its own each time, so that all processes get their part.
        fresh.api.post("/v1/decisions", body | {"visitors": some})
    held = {pid: _resident(pid) for pid in web_workers(fresh)}
    assert held
    assert max(held.values()) < MEMORY, held


def test_web_is_ready_within_two_seconds(service: Service) -> None:
    """From the start of gunicorn to 200 from /readyz, on a machine that nobody else uses.

    Others do use it, so the best of three counts, less the time in which the processes could have
    run and had to queue for a core.
    """
    assert min(_time_to_ready(service) for _ in range(3)) < READY


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


def _time_to_ready(service: Service) -> float:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py", "wsgi:app"]
    environ = service.environ | {"NUDGE_BIND": f"127.0.0.1:{port}"}
    begin = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _ready(port):
            assert process.poll() is None
            assert time.monotonic() - begin < 60
            time.sleep(0.01)
        queued = [_queued(pid) for pid in children(process.pid)]
        return time.monotonic() - begin - _queued(process.pid) - min(queued)
    finally:
        process.terminate()
        process.wait(30)


def _queued(pid: int) -> float:
    """Seconds in which the process could have run and had no core."""
    path = Path(f"/proc/{pid}/schedstat")
    return int(path.read_text().split()[1]) / 1e9 if path.exists() else 0.0


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False  # not up yet: the caller asks again
    finally:
        connection.close()
