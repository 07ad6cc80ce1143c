"""Two workers that both believe they own a partition: one commits, the other is refused."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from child_processes import eventually
from fault_site import Kept, Site, installed
from fault_visitors import Visit, check, settled, visitors

from nudge.processes import embedded
from nudge.store.folds.folds import FOLDS
from nudge.wiring.stores import patient_store

BATCH = 150


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Store and web; each test brings its workers."""
    with installed() as made:
        store = embedded.start(made.settings)
        assert made.run("apply", str(made.settings.config_dir / "slots")).returncode == 0
        made.web()
        yield made
        store.stop()


@pytest.fixture(scope="module")
def visits() -> list[Visit]:
    """All visits so far."""
    return []


def come(site: Site, visits: list[Visit]) -> None:
    """Some more visitors."""
    visits += visitors(site, 200.0, first=len(visits)).finish(BATCH)


def frozen(worker: Kept, point: str, site: Site) -> bool:
    """Whether the worker stands still at the point."""
    stat = (f"/proc/{worker.process.pid}/stat", site.faults / point)
    with open(stat[0]) as file:  # noqa: PTH123
        return file.read().rpartition(")")[2].split()[0] == "T" and not stat[1].exists()


def held(site: Site, worker: Kept) -> list[str]:
    """The leases that are in the worker's name, run out or not."""
    settings = site.settings
    store = patient_store(settings)
    try:
        of_folds = [
            store.keys.fold(p, name) for p in store.keys.every_partition() for name in FOLDS
        ]
        of_slots = [store.keys.config("publisher", name) for name in store.slots.current()]
        owners = {
            key: store.client.call("HGET", key, "owner") or b"" for key in of_folds + of_slots
        }
    finally:
        store.close()
    return [key for key, owner in owners.items() if f"-{worker.process.pid}-" in owner.decode()]


@pytest.mark.parametrize(
    ("point", "refusal"),
    [
        ("attribute.before_commit", "fenced"),
        pytest.param("learn.before_commit", "fenced", marks=pytest.mark.faults),
        pytest.param("archive.after_manifests", "code=fenced", marks=pytest.mark.faults),
        ("publish.before", "publisher_fenced"),
    ],
)
def test_who_was_taken_over_commits_nothing(
    site: Site, visits: list[Visit], point: str, refusal: str
) -> None:
    """A worker freezes with a batch in its hand; when it wakes, another has done its work.

    What it then commits is refused, it says so, forgets the partition and lives on.
    """
    first = site.keep(f"first-{point}", "-m", "nudge", "work")
    try:
        site.fault(point, signal.SIGSTOP)
        come(site, visits)
        assert eventually(lambda: frozen(first, point, site), 30), site.logs()
        second = site.keep(f"second-{point}", "-m", "nudge", "work")
        try:
            # That all is read says nothing of the publisher's leases, which run out later.
            assert eventually(lambda: not held(site, first), 60), (held(site, first), site.logs())
            assert settled(site), site.logs()
            first.kill(signal.SIGCONT)
            log = site.directory / f"first-{point}.log"
            assert eventually(lambda: refusal in log.read_text(), 30), site.logs()
            come(site, visits)
            assert settled(site), site.logs()
            assert (first.deaths, second.deaths) == (0, 0)
        finally:
            second.leave()
    finally:
        first.leave()
    check(site, visits)
