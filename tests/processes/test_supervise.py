"""The supervisor: what dies is started again, and nothing outlives it, however it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from child_processes import eventually, free_port, running

from nudge.processes import supervise
from nudge.processes.children import Program
from nudge.processes.welcome import answers, example
from nudge.settings.settings import Settings, child_environ, load

SERVE = """
import sys
from nudge import errors
from nudge.processes import supervise
from nudge.processes.children import Program
from nudge.settings.settings import load

def prepare(settings):
    (settings.data_dir / "prepared").write_text("yes")

settings = load()
gunicorn = [sys.executable, "-m", "gunicorn", "-c", str(settings.config_dir / "gunicorn.conf.py")]
web = [*gunicorn, "--chdir", sys.argv[1], "standin:app"]
worker = [sys.executable, "-c", "import time; time.sleep(600)"]
run = [Program("worker", worker), Program("web", web, reloads=True)]
if "later" in sys.argv:
    note = f"import os; open({str(settings.data_dir / 'later')!r}, 'a').write('once ')"
    run.insert(0, Program("later", [sys.executable, "-c", note], later=True, once=True))
if "broken" in sys.argv:
    run = [Program("worker", ["false"])]
try:
    sys.exit(supervise.serve(settings, prepare, run))
except errors.NudgeError as error:
    sys.exit(f"refused: {error}")
"""
STANDIN = """
from types import SimpleNamespace

class App:
    started = False
    extensions = {}

    def __call__(self, environ, start_response):
        start_response("200 OK" if self.started else "503 No", [("Content-Length", "0")])
        return []

app = App()
app.extensions["nudge"] = SimpleNamespace(start=lambda: setattr(app, "started", True))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Served:
    """`nudge serve` in a process of its own, with the real gunicorn and a stand-in for the app."""

    def __init__(self, settings: Settings, directory: Path, *words: str) -> None:
        (directory / "standin.py").write_text(STANDIN)
        self.settings = settings
        self.output = directory / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(directory), *words],
                env=child_environ(settings),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def ready(self) -> Served:
        """Wait until it says so."""
        assert eventually(lambda: "Try it:" in self.text()), self.text()
        return self

    def text(self) -> str:
        """All that it printed so far."""
        return self.output.read_text()

    def descendants(self) -> dict[int, str]:
        """Pid -> command line of all that the supervisor started, and what those started."""
        found, left = {}, [self.process.pid]
        while left:
            for pid in children_of(left.pop()):
                found[pid] = command_of(pid)
                left.append(pid)
        return found

    def pid_of(self, word: str) -> int:
        """Pid of the oldest process whose command has the word; 0 where there is none."""
        found = (pid for pid, command in self.descendants().items() if word in command)
        return min(found, default=0)


def children_of(pid: int) -> list[int]:
    try:
        tasks = [*Path(f"/proc/{pid}/task").glob("*/children")]
        return [int(child) for task in tasks for child in task.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.fixture
def own(settings: Settings) -> Settings:
    """Settings with an embedded store and a free port."""
    return replace(settings, redis_url=None, port=free_port(), web_workers=2)


@pytest.fixture
def served(own: Settings, tmp_path: Path) -> Iterator[Served]:
    """A service that is ready."""
    service = Served(own, tmp_path)
    try:
        yield service.ready()
    finally:
        service.process.kill()
        service.process.wait()


def test_it_says_where_it_serves_and_how_to_try_it(served: Served) -> None:
    """Ready means: store up, prepared, readyz answers; URL and a curl line are printed, no key."""
    settings, text = served.settings, served.text()
    assert (settings.data_dir / "prepared").exists()
    assert f"{settings.url}/docs" in text
    assert not any(str(key) in text for key in (settings.admin_key, settings.page_key))
    assert example(settings, shown=False) in text
    found = json.loads((settings.data_dir / "serve.json").read_text())
    assert (found["pid"], found["url"]) == (served.process.pid, settings.url)
    assert eventually(lambda: len(children_of(served.pid_of("gunicorn"))) == 2)


@pytest.mark.parametrize("word", ["valkey-server", "time.sleep", "gunicorn"])
def test_a_killed_child_is_started_again(served: Served, word: str) -> None:
    """Store, worker and web each come back after kill -9; the store with its data."""
    settings = served.settings
    with redis.Redis.from_url(settings.store_url) as client:
        client.set("kept", 1)
    old = served.pid_of(word)
    os.kill(old, signal.SIGKILL)
    assert eventually(lambda: "starts_again_in" in served.text())
    assert eventually(lambda: served.pid_of(word) not in {0, old})
    assert eventually(lambda: answers(settings.url))
    with redis.Redis.from_url(settings.store_url, retry=None) as client:
        assert eventually(lambda: ping(client))
        assert client.get("kept") == b"1"


def ping(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_kill_9_leaves_no_orphan(served: Served) -> None:
    """Store, worker, gunicorn and its workers end with the supervisor, and a new one can start."""
    assert eventually(lambda: len(served.descendants()) == 5)
    pids = served.descendants()
    served.process.kill()
    served.process.wait()
    assert eventually(lambda: not any(running(pid) for pid in pids))
    again = Served(served.settings, served.output.parent).ready()
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(30) == 0


def test_kill_9_of_gunicorn_leaves_no_worker_on_the_port(served: Served) -> None:
    """A web worker that outlived its master would keep the port from the next one."""
    master = served.pid_of("gunicorn")
    workers = children_of(master)
    os.kill(master, signal.SIGKILL)
    assert eventually(lambda: not any(running(pid) for pid in workers))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_in_order(served: Served, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end with 0; nothing stays, neither process nor file."""
    pids = served.descendants()
    served.process.send_signal(number)
    assert served.process.wait(30) == 0
    assert not any(running(pid) for pid in pids)
    assert not (served.settings.data_dir / "serve.json").exists()
    assert "Traceback" not in served.text()


def test_sighup_reloads_the_web(served: Served) -> None:
    """Gunicorn gets new workers; the supervisor, the store and the worker stay."""
    assert eventually(lambda: len(children_of(served.pid_of("gunicorn"))) == 2)
    before = set(children_of(served.pid_of("gunicorn")))
    stay = {served.pid_of("valkey-server"), served.pid_of("time.sleep")}
    served.process.send_signal(signal.SIGHUP)
    master = served.pid_of("gunicorn")
    assert eventually(lambda: len(now := set(children_of(master))) == 2 and not now & before)
    assert stay <= set(served.descendants())


def test_a_second_supervisor_is_refused(served: Served, tmp_path: Path) -> None:
    """The message names who holds the directory; the first one goes on."""
    directory = tmp_path / "second"
    directory.mkdir()
    second = Served(replace(served.settings, port=free_port()), directory)
    assert second.process.wait(20) == 1
    assert f"(pid {served.process.pid} at {served.settings.url})" in second.text()
    assert "NUDGE_DATA_DIR" in second.text()
    assert answers(served.settings.url)


def test_a_taken_port_is_named_with_the_cure(own: Settings, tmp_path: Path) -> None:
    """Nothing is started where the web could not listen."""
    with socket.socket() as other:
        other.bind((own.host, own.port))
        other.listen()
        service = Served(own, tmp_path)
        assert service.process.wait(20) == 1
    assert f"cannot listen on {own.bind}: another program listens there" in service.text()
    assert not own.store_dir.exists()


def test_what_cannot_start_at_all_ends_the_service(own: Settings, tmp_path: Path) -> None:
    """Before the first readiness, five deaths in a row end it with an error, and nothing stays."""
    service = Served(own, tmp_path, "broken")
    assert service.process.wait(30) == 1
    assert "refused: worker ended 5 times in a row (1)" in service.text()
    assert not own.socket_path.exists()


def test_what_comes_later_waits_for_readiness_and_ends_for_good(
    own: Settings, tmp_path: Path
) -> None:
    """Such a program runs when the service is ready, and code 0 is its end, not a death."""
    service = Served(own, tmp_path, "later").ready()
    assert eventually((own.data_dir / "later").exists)
    time.sleep(1)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(30) == 0
    assert (own.data_dir / "later").read_text() == "once "


def test_the_real_programs_run_with_the_same_settings(own: Settings) -> None:
    """Worker and web get the settings that the supervisor has, and only web is reloaded."""
    found = supervise.programs(own)
    assert [(one.name, one.reloads) for one in found] == [("web", True), ("worker", False)]
    assert all(isinstance(one, Program) for one in found)
    assert load(child_environ(own, {})) == own
