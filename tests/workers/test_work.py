"""`nudge work` as a process: all folds, an orderly end, and an end that is seen."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest
from child_processes import eventually
from worker_site import HERE, Site

from nudge.config.slot_file import load_slots
from nudge.errors import InvalidConfigError
from nudge.lake.files.reader import Lake
from nudge.settings.settings import child_environ
from nudge.wiring.worker import work
from nudge.workers.loops import supervise

ROOT = HERE.parents[1]
WORK = (
    "import sys; from nudge.settings.settings import load; from nudge.wiring.worker import work; "
)
WORK += "sys.exit(work(load(), sys.argv[1:]))"


@pytest.fixture
def worker(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    settings = replace(site.settings, publish_every=0.1, archive_every=0.2)
    banner = load_slots(ROOT / "config" / "slots")["banner"]
    assert site.store.slots.put(banner, None)
    environ = child_environ(settings) | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", WORK], env=environ, cwd=ROOT)
    yield process
    process.kill()
    process.wait()


def test_all_folds_catch_up_and_end_in_order(site: Site, worker: subprocess.Popen[bytes]) -> None:
    """One process attributes, learns, publishes and archives; SIGTERM gives its leases back."""
    site.visit(range(300))
    assert eventually(lambda: site.lag("attribute", "learn", "archive") == 0, 60)
    assert eventually(lambda: bool(site.store.snapshots.published("banner")), 30)
    site.check(300)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    for p in site.store.keys.every_partition():
        for fold in ("attribute", "learn", "archive"):
            assert site.store.client.call("HGET", site.store.keys.fold(p, fold), "owner") == b""
    lake = Lake(site.settings.lake_dir)
    lasts = [lake.last(p) for p in site.store.keys.every_partition()]
    assert sum(lasts) == len(site.records())


def test_an_unknown_fold_is_refused(site: Site) -> None:
    """A mistyped name is told, not ignored."""
    with pytest.raises(InvalidConfigError, match="atribute"):
        work(site.settings, ["atribute"])


class Loop:
    """Runs until it is told to stop, or fails at once."""

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails

    def run(self, stop: Event) -> None:
        """Fail or wait."""
        if self._fails:
            raise RuntimeError("out of order")
        stop.wait(30)


def test_a_loop_that_fails_ends_the_process() -> None:
    """Nobody waits for a fold whose thread is gone: the process ends, and is started again."""
    assert supervise({"good": Loop(fails=False), "bad": Loop(fails=True)}, Event()) == 1
