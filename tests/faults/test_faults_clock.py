"""Clocks that jump by an hour and a day, both ways: nothing fails, nothing is lost or doubled."""

from __future__ import annotations

import time

import pytest
from child_processes import eventually
from fault_site import Site, installed
from fault_visitors import check, settled, visitors
from skewed_clock import Clock

from nudge.processes import embedded

HOUR, DAY = 3600.0, 86_400.0
JUMPS = (
    (HOUR, 0.0),
    (0.0, HOUR),
    (-HOUR, 0.0),
    (0.0, -HOUR),
    (DAY, 0.0),
    (0.0, DAY),
    (-DAY, 0.0),
    (0.0, -DAY),
    (DAY, -DAY),
    (-DAY, DAY),
)
"""Seconds by which the clocks of web and worker are off, one after the other."""


@pytest.mark.parametrize(
    ("count", "each"),
    [
        pytest.param(1_000, 2.0, id="short"),
        pytest.param(20_000, 20.0, marks=pytest.mark.soak, id="soak"),
    ],
)
def test_clock_jumps_lose_and_double_nothing(count: int, each: float) -> None:
    """On web and worker, while visitors come: no call fails, each payment is credited once.

    Time is the store's: what the journal stamps, and windows run on, no other clock can move.
    """
    # On a busy machine pages would be answered from memory now and then, by the web's own clock.
    with installed(NUDGE_HOT_TIMEOUT="10") as site:
        store = embedded.start(site.settings)
        web, worker = _skewed(site)
        assert eventually(lambda: settled(site), 60), site.logs()
        flow = visitors(site, 50.0, patience=0.0)
        for by_web, by_worker in JUMPS:
            web.jump(by_web)
            worker.jump(by_worker)
            time.sleep(each)
        visits = flow.finish(count)
        assert settled(site), site.logs()
        assert {one.deaths for one in site.kept.values()} == {0}
        check(site, visits)
        store.stop()


def _skewed(site: Site) -> tuple[Clock, Clock]:
    assert site.run("apply", str(site.settings.config_dir / "slots")).returncode == 0
    clocks = Clock(site.directory / "web.clock"), Clock(site.directory / "worker.clock")
    site.web(**clocks[0].environ)
    site.work(**clocks[1].environ)
    return clocks
