"""How gunicorn runs Nudge's web: addresses and sizes come from nudge.toml and NUDGE_* variables."""

from __future__ import annotations

import gc
import mmap
import os
import select
import signal
import sys
import time
from pathlib import Path

# structlog takes rich and pygments, 4 MB in each process, to draw errors on a terminal. The log of
# a server is lines of JSON. None is "not installed" to Python's import.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from nudge.logs.configuration import configure
from nudge.processes import tether
from nudge.server.limits import Limits
from nudge.settings.private import close_data_dir, make_files_private
from nudge.settings.settings import load

make_files_private()
_settings = load()
configure("web", _settings)
_shm = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat files: on a disk they could block

bind = _settings.bind
# docs/decisions/0019-web-server.md: no slow client holds a thread. It needs Linux; elsewhere, where
# people develop only, gunicorn's own worker does.
worker_class = "nudge.server.worker.LoopWorker" if hasattr(select, "epoll") else "gthread"
workers = _settings.web_workers
threads = _settings.web_threads
# Each process loads the app itself: nothing that a fork would break (threads, sockets) is shared.
preload_app = False
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_settings.metrics_dir}"]

timeout = 30
graceful_timeout = 10
keepalive = 30
# Gunicorn's lines have the form of all others; what it would call an access log is `[log] access`.
accesslog = errorlog = None
loglevel = _settings.log_level
worker_tmp_dir = str(_shm) if _shm.is_dir() else None
# Its default place is one for all servers of a user: two of them would quarrel about it.
control_socket_disable = True


class Log(Logger):  # type: ignore[misc] # gunicorn has no types
    """Gunicorn's log, whose lines go where all others go."""

    def setup(self, cfg: Config) -> None:
        """Set it up, again after each reload."""
        super().setup(cfg)
        self.error_log.propagate = True


logger_class = Log


def on_starting(server: Arbiter) -> None:
    """Make the metrics directory, and remove the numbers of processes that are no more."""
    for problem in close_data_dir(_settings.data_dir, whole=True):
        server.log.warning(problem)
    _settings.metrics_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in _settings.metrics_dir.glob("*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not _running(int(pid)):
            path.unlink(missing_ok=True)


def pre_fork(_server: Arbiter, worker: Worker) -> None:
    """Give each worker its limits, and a byte by which its master knows that it can answer."""
    worker.can_answer = mmap.mmap(-1, 1)
    worker.limits = _limits()


def _limits() -> Limits:
    body = max(_settings.max_body, _settings.max_events_body)
    return Limits(
        head=_settings.web_head_timeout,
        body=_settings.web_body_timeout,
        idle=keepalive,
        body_bytes=body,
        held_bytes=max(16 * body, 64 * 1024 * 1024),
        connections=_settings.web_max_connections,
        streams=_settings.web_threads,
    )


def on_reload(server: Arbiter) -> None:
    """Let the old workers answer until the new ones can; gunicorn ends them at once.

    The first worker to be ended after the new ones were started waits for those.
    """
    end = server.kill_worker

    def end_later(pid: int, number: signal.Signals) -> None:
        server.kill_worker = end
        _await_all(server)
        end(pid, number)

    server.kill_worker = end_later


def _await_all(server: Arbiter) -> None:
    deadline = time.monotonic() + graceful_timeout
    while time.monotonic() < deadline:
        if all(one.can_answer[0] for one in server.WORKERS.values()):
            return
        time.sleep(0.05)


def post_fork(server: Arbiter, _worker: Worker) -> None:
    """Tie each worker to its master: kill -9 of that one leaves nobody on the port."""
    if sys.platform == "linux":
        tether.tie(server.pid, signal.SIGTERM)


def post_worker_init(worker: Worker) -> None:
    """Start the thread that keeps snapshots and slots fresh; a thread does not survive a fork.

    Garbage is looked for among what comes from now on, and rarely: a batch of a stream makes a
    hundred thousand objects without a cycle.
    """
    gc.freeze()
    gc.set_threshold(200_000)
    worker.wsgi.extensions["nudge"].start()
    worker.can_answer[0] = 1


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Take the dead worker's live gauges out of the sums."""
    # It reads PROMETHEUS_MULTIPROC_DIR on import, which raw_env sets after this file is read.
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid, str(_settings.metrics_dir))  # type: ignore[no-untyped-call]


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
