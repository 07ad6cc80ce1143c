"""Workers that are killed: nothing is lost, nothing is counted twice, others take over."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random
from time import sleep

import pytest
from child_processes import eventually
from worker_site import HERE, Site

from nudge.settings.settings import child_environ

VISITORS = 3000
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Starts a worker process; those that are left are ended with the test."""
    with ExitStack() as stack:

        def begin(*arguments: object) -> subprocess.Popen[bytes]:
            command = [sys.executable, str(HERE / "fold_process.py"), *map(str, arguments)]
            environ = child_environ(site.settings) | {"PYTHONPATH": str(HERE.parents[1])}
            process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE)
            stack.callback(_end, process)
            return process

        yield begin


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def caught_up(site: Site) -> bool:
    return site.lag("attribute", "learn") == 0


def wait_until_stuck(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    assert any(b"stuck" in line for line in process.stdout)


@pytest.mark.parametrize("fold", ["attribute", "learn"])
def test_a_kill_in_mid_batch_loses_and_doubles_nothing(site: Site, start: Start, fold: str) -> None:
    """A batch that was handled but not committed is handled again by whoever takes over."""
    site.visit(range(VISITORS))
    first = start(1.0, 100, fold)
    wait_until_stuck(first)
    first.send_signal(signal.SIGKILL)
    first.wait()
    start(1.0, 100)
    assert eventually(lambda: caught_up(site), 60)
    site.check(VISITORS)


def test_kills_at_any_time_lose_and_double_nothing(site: Site, start: Start) -> None:
    """Two workers at a time, one of them killed again and again while visitors keep coming."""
    random = Random(7)  # noqa: S311 - a test's own
    start(0.5, 20)
    for part in range(5):
        victim = start(0.5, 20)
        site.visit(range(part * 400, part * 400 + 200))
        sleep(random.uniform(0.2, 1.5))
        victim.send_signal(signal.SIGKILL)
        site.visit(range(part * 400 + 200, part * 400 + 400))
    assert eventually(lambda: caught_up(site), 60)
    site.check(2000)


def test_a_worker_that_hung_is_fenced_off(site: Site, start: Start) -> None:
    """A worker that wakes up after a takeover commits nothing more of what it had begun."""
    site.visit(range(VISITORS))
    first = start(0.5, 50)
    assert eventually(lambda: site.lag("attribute") < site.lag("archive"), 30)
    first.send_signal(signal.SIGSTOP)
    tokens = held(site)
    start(0.5, 500)
    assert eventually(lambda: caught_up(site) and held(site) > tokens, 60)
    first.send_signal(signal.SIGCONT)
    sleep(1.0)
    site.visit(range(VISITORS, VISITORS + 300))
    assert eventually(lambda: caught_up(site), 60)
    site.check(VISITORS + 300)


def held(site: Site) -> list[int]:
    """The fencing tokens of `attribute` by partition."""
    every = site.store.keys.every_partition()
    kept = [site.store.folds.read_fields(p, "attribute", "token")[0] for p in every]
    return [int(token or 0) for token in kept]
