"""Whatever is killed, at whatever moment: all that was acknowledged is there, once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random

import pytest
from child_processes import eventually
from fault_site import Kept, Site, descendants, installed, slain, webs
from fault_visitors import check, check_rebuild, settled, visitors

from nudge import faults
from nudge.processes import embedded
from nudge.processes.embedded import EmbeddedStore

LONG = pytest.param(20_000, 10, marks=pytest.mark.soak, id="soak")
SHORT = pytest.param(2_000, 2, id="short")
ONCE = pytest.param(2_000, 1, id="short")
WEB = tuple(one for one in faults.POINTS if one.startswith(("decide.", "record.")))
AWAY = ("spool.before_sync", "spool.after_sync")
BACK = ("drain.after_batch", "drain.before_unlink")
FOLDS = {
    "attribute": ("attribute.",),
    "learn": ("learn.", "publish."),
    "archive": ("archive.",),
    "monitor": ("monitor.",),
    "care": ("care.",),
    "segment": ("segment.",),
}


def victim(serve: Kept, kind: str) -> int:
    """The process of `nudge serve` of this kind, if it runs."""
    if kind == "supervisor":
        return serve.process.pid
    if kind == "web":
        return next(iter(webs(serve.process.pid)), 0)
    words = {"worker": "nudge work", "store": "valkey-server", "master": "gunicorn"}
    below = descendants(serve.process.pid).items()
    return min((pid for pid, command in below if words[kind] in command), default=0)


@pytest.mark.parametrize(("count", "times"), [SHORT, LONG])
def test_kill_9_of_anything_loses_and_doubles_nothing(count: int, times: int) -> None:
    """Worker, web process, web master, store and supervisor are killed while visitors come.

    Each acknowledged decision and event is in the lake once, each payment is credited once, and
    journal, lake and counts agree, also after a rebuild, which comes to the same bits.
    """
    random = Random(11)  # noqa: S311 - a test's own
    with installed() as site:
        serve = site.serve()
        assert eventually(lambda: settled(site), 60), site.logs()
        flow = visitors(site, 50.0)
        for kind in ["worker", "web", "store", "master", "supervisor"] * times:
            time.sleep(random.uniform(0.5, 3.0))
            assert eventually(lambda kind=kind: slain(victim(serve, kind)), 60), kind
        visits = flow.finish(count)
        assert len(visits) >= count
        assert settled(site), site.logs()
        check(site, visits)
        check_rebuild(site)


@pytest.mark.parametrize(
    ("count", "times"),
    [
        pytest.param(2_000, 1, id="short"),
        pytest.param(20_000, 10, marks=pytest.mark.soak, id="soak"),
    ],
)
def test_death_at_every_commit_point_loses_and_doubles_nothing(count: int, times: int) -> None:
    """Web processes and workers die just before and just after all that they make durable.

    That is each append, each sync and each step of a drain, each fold's commit, each file and
    manifest of the archive, and each publication.
    """
    with installed() as site:
        store = embedded.start(site.settings)
        assert site.run("apply", str(site.settings.config_dir / "slots")).returncode == 0
        site.web()
        for fold in FOLDS:
            site.work(fold)
        assert eventually(lambda: settled(site), 60), site.logs()
        flow = visitors(site, 50.0)
        try:
            with ThreadPoolExecutor() as pool:
                runs = [pool.submit(_strike, site, fold, times) for fold in FOLDS]
                runs.append(pool.submit(_strike_web, site, store, times))
            struck = {point for run in runs for point in run.result()}
        finally:
            visits = flow.finish(count)
        # These are long in coming, or a command's: tests of their own die at them.
        late = ("case.", "compact.", "erase.", "expire.", "quarantine.", "split.")
        assert struck == {one for one in faults.POINTS if not one.startswith(late)}
        assert settled(site), site.logs()
        check(site, visits)
        check_rebuild(site)
        store.stop()


def _strike(site: Site, fold: str, times: int) -> list[str]:
    points = [one for one in faults.POINTS if one.startswith(FOLDS[fold])]
    for point in points * times:
        site.fault(point)
        assert site.struck(point), (point, site.logs())
    return points


def _strike_web(site: Site, store: EmbeddedStore, times: int) -> tuple[str, ...]:
    for _ in range(times):
        for point in WEB:
            site.fault(point)
            assert site.struck(point), (point, site.logs())
            time.sleep(2.0)
        for point in AWAY:
            with _frozen(store):
                site.fault(point)
                assert site.struck(point), (point, site.logs())
            time.sleep(4.0)
        for point in BACK:
            with _frozen(store):
                time.sleep(1.0)
                site.fault(point)
            assert site.struck(point), (point, site.logs())
            time.sleep(4.0)
    return WEB + AWAY + BACK


@contextmanager
def _frozen(store: EmbeddedStore) -> Iterator[None]:
    """Pages are answered from memory meanwhile."""
    store.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        store.process.send_signal(signal.SIGCONT)
