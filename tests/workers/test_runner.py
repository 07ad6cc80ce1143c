"""The runner: claims, fair shares, trouble with one partition, trouble with the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic, process_time, sleep
from typing import Any

import pytest
from child_processes import eventually
from worker_site import Site

from nudge.domain.journal.records import JournalEntry
from nudge.errors import StoreAwayError
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.store.folds import folds
from nudge.store.folds.folds import Commit
from nudge.store.wire.client import Client
from nudge.workers.backoff import Backoff
from nudge.workers.courtesy import LONGEST
from nudge.workers.leases import Leases, fair_share
from nudge.workers.runner import Runner


@dataclass
class Counting:
    """A fold that counts what it is handed."""

    site: Site
    name: str = "attribute"
    batch: int = 10
    seen: list[tuple[int, int]] = field(default_factory=list)
    prepared: list[int] = field(default_factory=list)
    poison: int = -1

    def prepare(self, partition: int) -> int:
        """The committed position."""
        self.prepared.append(partition)
        (position,) = self.site.store.folds.read_fields(partition, self.name, "position")
        return int(position or 0)

    def handle(
        self, partition: int, state: int, entries: Sequence[JournalEntry]
    ) -> tuple[int, Commit]:
        """Notes the entries, which must follow the state without a gap."""
        if partition == self.poison:
            raise ValueError("poison")
        assert [e.position for e in entries] == [state + i + 1 for i in range(len(entries))]
        self.seen += [(partition, e.position) for e in entries]
        return entries[-1].position, Commit(entries[-1].position)


def runner(site: Site, fold: Counting, owner: str = "one", ttl: float = 5.0) -> Runner[int]:
    return Runner(site.store, fold, owner, ttl)


def test_an_idle_turn_is_one_question(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """All partitions are asked for together; only one that has entries is read."""
    fold = Counting(site)
    one = runner(site, fold)
    assert one.turn() == 0
    asked: list[tuple[object, ...]] = []
    sent = Client._send

    def noted(self: Client, *command: Any) -> Any:
        asked.append(command)
        return sent(self, *command)

    monkeypatch.setattr(Client, "_send", noted)
    assert (one.turn(), asked) == (0, [])  # a pipeline is no single command
    site.visit(range(3, 4))
    asked.clear()
    assert one.turn() > 0
    assert [command[1] for command in asked if command[0] == "XRANGE"] == [
        site.store.keys.journal(3)
    ]


def test_every_entry_is_handled_once_and_in_order(site: Site) -> None:
    """A runner reads its partitions to the end, a batch at a time."""
    site.visit(range(200))
    fold = Counting(site)
    worker = runner(site, fold)
    while worker.turn():
        pass
    assert len(fold.seen) == len(set(fold.seen)) == len(site.records())
    assert site.lag("attribute") == 0


class Rests(Event):
    """Notes how long somebody would have waited, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """At once."""
        self.seconds.append(timeout or 0.0)
        return self.is_set()


def test_a_runner_rests_behind_each_batch_while_many_are_planned_for(site: Site) -> None:
    """And not where nobody plans: then the next batch is read at once."""
    site.visit(range(200))
    fold, stop = Counting(site, batch=5), Rests()
    worker = runner(site, fold)
    worker.turn(stop)
    assert fold.seen
    assert not any(stop.seconds)
    batches, stop = len(fold.seen), Rests()
    site.store.bulk.say()
    worker.turn(stop)
    assert len(fold.seen) > batches
    assert stop.seconds
    assert all(0.0 < one <= LONGEST for one in stop.seconds)


def test_the_state_is_read_once_for_each_lease(site: Site) -> None:
    """An owner keeps its state in memory as long as nobody else can have changed it."""
    site.visit(range(400))
    fold = Counting(site)
    worker = runner(site, fold)
    while worker.turn():
        pass
    assert sorted(fold.prepared) == list(site.store.keys.every_partition())


def test_one_bad_partition_does_not_stop_the_others(site: Site) -> None:
    """A failure in a partition is logged and tried again later; the rest goes on."""
    site.visit(range(200))
    fold = Counting(site, poison=3)
    worker = runner(site, fold)
    while worker.turn():
        pass
    assert {p for p, _ in fold.seen} == set(site.store.keys.every_partition()) - {3}
    assert site.lag("attribute") == site.store.folds.lags()["attribute"][3] > 0


def test_the_store_being_away_is_not_the_fold_s_trouble(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage the runner begins again at the committed position."""
    site.visit(range(200))
    fold = Counting(site)
    worker = runner(site, fold)
    commits = folds.Folds.commit
    calls = iter(range(1000))

    def flaky(*args: object) -> folds.Lease:
        lease = commits(*args)  # type: ignore[arg-type]
        if next(calls) % 20 == 7:
            raise StoreAwayError("the answer was lost")
        return lease

    monkeypatch.setattr(folds.Folds, "commit", flaky)
    stop = Event()
    thread = Thread(target=worker.run, args=(stop,))
    thread.start()
    assert eventually(lambda: site.lag("attribute") == 0, 60)
    stop.set()
    thread.join()
    assert len(fold.seen) == len(set(fold.seen)) == len(site.records())


def test_a_fenced_owner_writes_nothing_and_lets_go(site: Site) -> None:
    """A commit after a takeover is refused; what it would have written is nowhere."""
    site.visit(range(8))
    old, new = AttributeFold(site.store), AttributeFold(site.store)
    worker = Runner(site.store, old, "old", ttl=0.2)
    worker.turn(stop := Event())
    before = len(site.records())
    sleep(0.3)
    for p in site.store.keys.every_partition():
        assert site.store.folds.acquire(p, new.name, "new", 30.0)
    site.visit(range(8, 16))
    after = len(site.records())
    worker.turn(stop)
    assert len(site.records()) == after > before
    assert site.store.folds.acquire(0, new.name, "old", 30.0) is None


def test_an_idle_runner_costs_little(site: Site) -> None:
    """With nothing to do, 8 partitions of two folds cost less than a tenth of a core."""
    worker = [
        Runner(site.store, AttributeFold(site.store), "one"),
        Runner(site.store, LearnFold(site.store), "one"),
    ]
    stop = Event()
    threads = [Thread(target=one.run, args=(stop,)) for one in worker]
    for thread in threads:
        thread.start()
    sleep(1.0)
    cpu, wall = process_time(), monotonic()
    sleep(3.0)
    share = (process_time() - cpu) / (monotonic() - wall)
    stop.set()
    for thread in threads:
        thread.join()
    assert share < 0.1


def refreshed(leases: Leases) -> list[folds.Lease]:
    leases.refresh()
    return leases.held()


def test_workers_share_fairly_and_inherit(site: Site) -> None:
    """A second worker gets half of the partitions, and all of them when the first one leaves."""
    one, two = (Leases(site.store, "learn", name, 0.3) for name in ("one", "two"))
    assert len(refreshed(one)) == 8

    def settled(first: int, second: int) -> bool:
        return (len(refreshed(one)), len(refreshed(two))) == (first, second)

    assert eventually(lambda: settled(4, 4), 10)
    one.release()
    assert eventually(lambda: len(refreshed(two)) == 8, 10)


def test_a_dead_worker_s_partitions_are_taken_over(site: Site) -> None:
    """When a worker stops renewing, others have its partitions after the lease has run out."""
    one, two = (Leases(site.store, "learn", name, 0.3) for name in ("one", "two"))
    one.refresh()
    assert eventually(lambda: len(refreshed(two)) == 8, 10)


def test_a_long_run_keeps_its_leases(site: Site) -> None:
    """Work that takes longer than the leases last keeps them, and their tokens."""
    leases = Leases(site.store, "archive", "one", 1.5)
    leases.refresh()
    before = leases.held()
    with leases.renewed():
        sleep(3.0)
        assert site.store.folds.acquire(0, "archive", "two", 1.5) is None
    leases.refresh()
    assert leases.held() == before


@pytest.mark.parametrize(
    ("partitions", "workers", "share"), [(8, 1, 8), (8, 3, 3), (8, 8, 1), (8, 20, 1), (1, 0, 1)]
)
def test_fair_shares_cover_everything(partitions: int, workers: int, share: int) -> None:
    """Shares are equal and together no less than all."""
    assert fair_share(partitions, workers) == share
    assert share * max(1, workers) >= partitions


def test_waits_double_up_to_a_cap() -> None:
    """Each wait lies in the upper half of a doubling span."""
    waits = Backoff(0.1, 1.0)
    spans = [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert all(span / 2 <= waits.next() <= span for span in spans)
    waits.reset()
    assert waits.next() <= 0.1
