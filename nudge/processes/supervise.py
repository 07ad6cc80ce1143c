"""`nudge serve`: store, worker and web under one supervisor, which they never outlive.

Ctrl-C or SIGTERM stops worker, web and store, in this order; a second does not wait. SIGHUP is
for gunicorn, which then loads the web anew. Settings are read once: nudge.toml wants a restart.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import FrameType

import structlog

from nudge.clock import monotonic, sleep
from nudge.processes import children, embedded
from nudge.processes.children import Child, Program
from nudge.processes.claim import ServeError, alone, check_port, run_file
from nudge.processes.store_log import StoreLog
from nudge.processes.syncing import Syncer
from nudge.processes.welcome import NO_PAGES, answers, welcome
from nudge.settings.settings import Settings, child_environ

__all__ = ["Invite", "Prepare", "Program", "ServeError", "programs", "serve"]

log = structlog.get_logger()

_POLL = 0.1
_SLOW = 30.0
_FIRST_TRIES = 5
"""Deaths in a row, before the service was ever ready, after which going on is of no use."""

Prepare = Callable[[Settings], None]
"""Runs when the store answers, before worker and web start."""
Invite = Callable[[Settings, bool], str]
"""Returns how the first admin signs in, for the welcome; True says that a terminal shows it."""


WEB = "nudge.wiring.web:create_app()"
"""Maker of the web application, as gunicorn finds it."""


def programs(settings: Settings, web: str = WEB) -> list[Program]:
    """Return web and worker; the worker starts when pages are answered, for both would be late.

    Args:
        settings: what all processes run with.
        web: maker of the web application; a demonstration has one of its own.
    """
    config = str(settings.config_dir / "gunicorn.conf.py")
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", config]
    # Whether the shipped slots are applied is said to `nudge serve`, which has done it by then.
    work = [sys.executable, "-m", "nudge", "work", "--no-examples"]
    return [
        Program("web", [*gunicorn, web], grace=15.0, reloads=True),
        Program("worker", work, grace=20.0, later=True),
    ]


def serve(
    settings: Settings,
    prepare: Prepare = lambda _settings: None,
    run: Sequence[Program] | None = None,
    pages: Mapping[str, str] = NO_PAGES,
    invite: Invite = lambda _settings, _terminal: "",
) -> int:
    """Run the service until a signal ends it; call it from the main thread.

    Args:
        settings: what all processes run with.
        prepare: see `Prepare`.
        run: what to run beside the store; None is worker and web.
        pages: name -> path of pages that the welcome tells besides the API's.
        invite: see `Invite`; asked when the service is ready.

    Returns:
        The exit code: 0 after Ctrl-C or SIGTERM.

    Raises:
        ServeError: another supervisor has the data directory, the port is taken, or a program
            dies again and again before the service was ready.
        StoreError: the embedded store does not come up.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(settings):
        check_port(settings)
        shutil.rmtree(settings.metrics_dir, ignore_errors=True)
        settings.metrics_dir.mkdir(mode=0o700)
        _Supervisor(settings, pages, invite).run(
            prepare, programs(settings) if run is None else run
        )
    return 0


class _Supervisor:
    """The supervisor of the children, in the order of their start."""

    def __init__(self, settings: Settings, pages: Mapping[str, str], invite: Invite) -> None:
        self._settings = settings
        self._pages = pages
        self._invite = invite
        self._children: list[Child] = []
        self._began = monotonic()
        self._ready = self._told_slow = False
        self._stops = 0

    def run(self, prepare: Prepare, programs: Sequence[Program]) -> None:
        """Start every child, tend them until a signal comes, then stop them."""
        try:
            if self._settings.redis_url is None:
                self._children.append(_store(self._settings))
                self._sync()
            prepare(self._settings)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._note)
            with run_file(self._settings):
                self._start([one for one in programs if not one.later])
                self._tend([one for one in programs if one.later])
        finally:
            # A signal must not break off what cleans up; a second one makes it fast.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._note)
            for child in reversed(self._children):
                child.stop(lambda: self._stops > 1)

    def _sync(self) -> None:
        if self._settings.aof == "everysec":
            Syncer(self._settings.store_dir / embedded.AOF_NAME, log.warning)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGHUP:
            self._stops += 1
            return
        for child in self._children:
            if child.program.reloads:
                child.signal(signal.SIGHUP)

    def _start(self, programs: Sequence[Program]) -> None:
        environ = child_environ(self._settings)
        for one in programs:
            self._children.append(Child(one, partial(children.spawn, one.command, environ)))

    def _tend(self, later: Sequence[Program]) -> None:
        while not self._stops:
            for child in self._children:
                child.tend(self._died)
            if not self._ready:
                self._look(later)
            sleep(_POLL)

    def _look(self, later: Sequence[Program]) -> None:
        if answers(self._settings.url):
            self._ready = True
            terminal = sys.stdout.isatty()
            how = self._invite(self._settings, terminal)
            text = welcome(self._settings, terminal=terminal, pages=self._pages, sign_in=how)
            sys.stdout.write(text)
            sys.stdout.flush()
            self._start(later)
        elif not self._told_slow and monotonic() - self._began > _SLOW:
            self._told_slow = True
            where = f"{self._settings.url}/readyz"
            log.warning("not_ready", seconds=_SLOW, cure=f"{where} says what is missing")

    def _died(self, child: Child, pause: float) -> None:
        code = child.process.returncode
        # Live gauges of a dead process would stay in the sums.
        for path in self._settings.metrics_dir.glob(f"gauge_live*_{child.process.pid}.db"):
            path.unlink(missing_ok=True)
        if not self._ready and child.deaths >= _FIRST_TRIES:
            cure = "the lines above say why"
            raise ServeError(f"{child.name} ended {child.deaths} times in a row ({code}); {cure}")
        log.error("child_ended", child=child.name, code=code, starts_again_in=pause)


def _store(settings: Settings) -> Child:
    # The first start waits until the log is read back; after a restart, clients do the waiting.
    StoreLog(settings.store_dir / embedded.LOG_NAME).follow()
    starts = iter([embedded.start])
    program = Program("store", ["valkey-server"], grace=embedded.Waits.stop)
    return Child(program, lambda: next(starts, embedded.spawn)(settings).process)
