"""The archive: whatever crashes, the lake holds each entry of the journal exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import decision
from places import ROOT

from nudge.domain.identity.sealing import Sealer, new_subject
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Event, Exposure, JournalEntry, Mark, Ref
from nudge.errors import FencedError, StoreAwayError
from nudge.flows.folds import archive as archiving
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.lake.checks.checks import PositionSpan, position_spans
from nudge.lake.engine.query import connect
from nudge.lake.files import disk, manifest, writer
from nudge.lake.files.errors import JournalGapError, LakeAheadError, LakeAwayError
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.folds.folds import Commit, Folds, FoldWrite, Lease
from nudge.store.journal.journal import Journal
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

SECRET = b"archive-crash-secret-0123456789"
SEALER = Sealer(SECRET)
CRASH = ROOT / "tests" / "lake" / "archive_crash.py"
MADE = decision(
    "",
    context={"device": "ios", "amount": 50},
    removed={"c": "disabled"},
    u=7,
    policy="uniform",
    policy_version=0,
    unit="",
    period=10,
)


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 4))
    yield store
    store.close()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def fill(store: Store, each: int) -> None:
    """About `each` entries in every partition: decisions, events and a mark."""
    for p in store.keys.every_partition():
        store.journal.append_mark(p, Mark("slot_applied", {"slot": "banner"}))
        feed = store.folds.acquire(p, "feed", "w", 60)
        assert feed is not None
        for i in range(each // 10):
            subject = new_subject()
            made = [replace(MADE, subject=subject, u=i * 5 + n) for n in range(5)]
            store.journal.append_decisions(p, made, 60)
            sent = [Event(subject, f"{i}-{n}", "step", "page", at=1.79e9 + i / 7) for n in range(5)]
            store.folds.commit(feed, Commit(0, sent))


def own(store: Store, owner: str = "w") -> list[Lease]:
    """The archive's leases of all partitions."""
    found = [
        store.folds.acquire(p, FoldName.ARCHIVE, owner, 60) for p in store.keys.every_partition()
    ]
    return [lease for lease in found if lease is not None]


def usurp(store: Store, partition: int, owner: str) -> Lease:
    """The lease, although another owner has it: as if it had run out."""
    store.client.call("HSET", store.keys.fold(partition, FoldName.ARCHIVE), "until", "0")
    lease = store.folds.acquire(partition, FoldName.ARCHIVE, owner, 60)
    assert lease is not None
    return lease


def drain(archive: ArchiveFold, leases: list[Lease]) -> list[Lease]:
    """Run until nothing waits."""
    leases = archive.run(leases)
    while archive.due(0.0):
        leases = archive.run(leases)
    return leases


def journal_of(store: Store, partition: int) -> list[JournalEntry]:
    return store.journal.read(partition, 0, 1_000_000)


def assert_equal(store: Store, lake: Lake) -> None:
    """The lake equals the journal, entry by entry, and by every count."""
    last = {p: store.journal.last_position(p) for p in store.keys.every_partition()}
    assert lake.positions() == {p: n for p, n in last.items() if n}
    assert position_spans(connect(lake), last) == {
        p: PositionSpan(n, n, 1, n) for p, n in last.items() if n
    }
    for p in store.keys.every_partition():
        assert list(lake.entries(p, SEALER.unseal)) == journal_of(store, p)


def test_the_lake_equals_the_journal(store: Store, lake: Lake) -> None:
    """Run after run, in bounded ranges, the lake comes to hold every entry once."""
    archive = ArchiveFold(store, lake, SEALER.seal_each, ArchiveLimits(range=300, chunk=100))
    fill(store, 700)
    leases = drain(archive, own(store))
    fill(store, 50)
    assert [lease.position for lease in leases] == [701] * 4
    leases = drain(archive, leases)
    assert [lease.position for lease in leases] == [752] * 4
    assert_equal(store, lake)
    assert archive.run(leases) == leases


def test_partitions_share_one_file_a_table(store: Store, lake: Lake) -> None:
    """Eight partitions do not make eight times as many files."""
    fill(store, 20)
    archive = ArchiveFold(store, lake, SEALER.seal_each)
    archive.run(own(store))
    files = list(lake.root.glob("*/date=*/*"))
    dates = {path.parent.name for path in files}
    assert len(files) <= 3 * len(dates)
    assert all(source.whole for found in lake.tables().values() for source in found)


def test_a_cluster_is_archived_alike(cluster_url: str, settings: Settings, lake: Lake) -> None:
    """The same code archives partitions that are on different servers."""
    store = Store(clients.patient(cluster_url), Keys(settings.namespace, 4))
    fill(store, 30)
    drain(ArchiveFold(store, lake, SEALER.seal_each), own(store))
    assert_equal(store, lake)
    store.close()


class Crash(BaseException):
    """Stands for the death of the process: nothing may handle it."""


STEPS: tuple[tuple[Any, str], ...] = (
    (Folds, "commit"),
    (Journal, "read"),
    (writer, "_append"),
    (disk, "sync"),
    (disk.os, "replace"),
    (manifest, "write"),
)


@pytest.mark.parametrize(("module", "name"), STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_changes_nothing(
    store: Store,
    lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    when: str,
) -> None:
    """Dying before or after any call of a step, again and again, loses and doubles nothing."""
    fill(store, 40)
    act, crashes, nth = getattr(module, name), 0, 1
    while True:
        archive = ArchiveFold(store, lake, SEALER.seal_each, ArchiveLimits(chunk=25))
        with monkeypatch.context() as patch:
            patch.setattr(module, name, crashing(act, nth, when))
            try:
                archive.run(own(store))
            except Crash:
                crashes, nth = crashes + 1, nth % 7 + 1
                if crashes % 3 == 0:
                    fill(store, 10)
                if crashes < 21:
                    continue
        drain(ArchiveFold(store, lake, SEALER.seal_each), own(store))
        break
    assert crashes > 0
    assert_equal(store, lake)


def crashing(act: Callable[..., Any], nth: int, when: str) -> Callable[..., Any]:
    """The same function, at whose n-th call the process dies."""
    calls = 0

    def step(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            raise Crash
        result = act(*args, **named)
        if calls == nth:
            raise Crash
        return result

    return step


def test_kill_9_at_any_step_changes_nothing(store: Store, lake: Lake, store_url: str) -> None:
    """Real processes that die at their n-th fsync, rename or commit lose and double nothing."""
    fill(store, 100)
    where = [store_url, store.keys.namespace, str(store.keys.partitions), str(lake.root), "w"]
    environ = os.environ | {"PYTHONPATH": str(CRASH.parents[2])}
    codes = []
    with subprocess.Popen(
        [sys.executable, str(CRASH), *where], env=environ, text=True, stdin=-1, stdout=-1
    ) as zygote:
        assert zygote.stdin
        assert zygote.stdout
        for nth in (*range(1, 15), 18, 21, 22, 25, 30, 999):
            zygote.stdin.write(f"{nth} {'after' if nth % 2 else 'before'}\n")
            zygote.stdin.flush()
            codes.append(int(zygote.stdout.readline()))
            if nth % 7 == 0:
                fill(store, 20)
    assert codes.count(-signal.SIGKILL) >= 10
    assert codes[-1] == 0
    assert_equal(store, lake)


def test_a_zombie_changes_nothing(
    store: Store, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner that wakes behind its files, taken over and overtaken, writes the same rows."""
    fill(store, 40)
    zombie = ArchiveFold(store, lake, SEALER.seal_each)
    stale = own(store, "zombie")

    def sleeps(*args: Any) -> dict[int, tuple[manifest.File, ...]]:
        with monkeypatch.context() as patch:
            patch.setattr(writer, "write", awake)
            taken = [usurp(store, p, "heir") for p in store.keys.every_partition()]
            drain(ArchiveFold(store, lake, SEALER.seal_each), taken[:2])
            drain(ArchiveFold(store, lake, SEALER.seal_each), taken[2:])
            fill(store, 10)
            drain(ArchiveFold(store, lake, SEALER.seal_each), own(store, "heir"))
        return awake(*args)

    awake = writer.write
    monkeypatch.setattr(writer, "write", sleeps)
    with pytest.raises(FencedError):
        zombie.run(stale)
    assert_equal(store, lake)


def test_a_pending_range_is_redone_as_it_was_fixed(store: Store, lake: Lake) -> None:
    """Records that came in since the range was fixed belong to the next one."""
    fill(store, 10)
    leases = own(store)
    fixed = FoldWrite(
        "HSET", store.keys.fold(0, FoldName.ARCHIVE), ("pending_to", 4, "pending_watermark", "5.5")
    )
    store.folds.commit(leases[0], Commit(0, writes=[fixed]))
    after = ArchiveFold(store, lake, SEALER.seal_each).run(leases)
    assert [lease.position for lease in after] == [4, 11, 11, 11]
    assert lake.contents().watermarks()[0] == 5.5
    assert store.folds.read_fields(0, FoldName.ARCHIVE, "pending_to") == [None]


def test_the_watermark_is_what_attribute_had_credited(store: Store, lake: Lake) -> None:
    """The lake says until when its rewards are complete, and only where it has caught up."""
    fill(store, 20)
    store.client.call("HSET", store.keys.fold(0, "attribute"), "watermark", "1790000000.25")
    archive = ArchiveFold(store, lake, SEALER.seal_each, ArchiveLimits(range=15))
    leases = archive.run(own(store))
    assert lake.contents().watermarks() == dict.fromkeys(range(4), 0.0)
    drain(archive, leases)
    assert lake.contents().watermarks() == {0: 1790000000.25, 1: 0.0, 2: 0.0, 3: 0.0}


def test_a_store_behind_the_lake_is_not_archived(store: Store, lake: Lake) -> None:
    """A store that came back empty would give its positions to other records: refused."""
    fill(store, 10)
    drain(ArchiveFold(store, lake, SEALER.seal_each), own(store))
    empty = Keys(store.keys.namespace + "-new", store.keys.partitions)
    fill(Store(store.client, empty), 20)
    archive = ArchiveFold(Store(store.client, empty), lake, SEALER.seal_each)
    for _ in range(2):
        with pytest.raises(LakeAheadError, match="partition 0"):
            archive.run(own(Store(store.client, empty)))
    assert_equal(store, lake)


def test_a_trimmed_journal_is_an_error(store: Store, lake: Lake) -> None:
    """Positions that are gone from the journal do not silently become a gap in the lake."""
    fill(store, 10)
    store.client.call("XTRIM", store.keys.journal(2), "MINID", "4-0")
    with pytest.raises(JournalGapError, match="p=2/0-11"):
        ArchiveFold(store, lake, SEALER.seal_each).run(own(store))
    assert lake.positions() == {}


def test_a_full_disk_loses_nothing(
    store: Store, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's refusal is the lake's error; the next run does the same range."""
    fill(store, 10)
    archive = ArchiveFold(store, lake, SEALER.seal_each)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(disk.os, "fsync", full)
        with pytest.raises(LakeAwayError, match="No space"):
            archive.run(own(store))
    archive.run(own(store))
    assert_equal(store, lake)


def test_a_lost_answer_of_the_last_commit_is_no_matter(
    store: Store, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Committed or not, whoever acquires again goes on from the truth."""
    fill(store, 10)
    archive = ArchiveFold(store, lake, SEALER.seal_each)
    real, calls = Folds.commit, iter(range(99))

    def away(*args: Any) -> Lease:
        lease = real(*args)
        if next(calls) == 5:
            raise StoreAwayError("no answer")
        return lease

    with monkeypatch.context() as patch:
        patch.setattr(Folds, "commit", away)
        with pytest.raises(StoreAwayError):
            archive.run(own(store))
    leases = archive.run(own(store))
    assert [lease.position for lease in leases] == [11] * 4
    assert_equal(store, lake)


def test_due_by_time_and_by_number(store: Store, lake: Lake) -> None:
    """At most every `every` seconds, unless many entries wait; looking is rationed too."""
    archive = ArchiveFold(
        store, lake, SEALER.seal_each, ArchiveLimits(every=1e6, waiting=50, look=1.0)
    )
    assert archive.due(0.0)
    leases = archive.run(own(store))
    now = archiving.clock.monotonic()
    assert not archive.due(now, leases)
    fill(store, 20)
    assert not archive.due(now + 0.5, leases)
    assert archive.due(now + 1.5, leases)
    assert not archive.due(now + 9.0)
    assert archive.due(now + 2e6)


def test_away_references_and_exposures_survive(store: Store, lake: Lake) -> None:
    """Records that a fold appends reach the lake as they are."""
    lease = store.folds.acquire(1, "attribute", "w", 60)
    assert lease is not None
    shown = Exposure("5" * 32, Ref(1, 1), "banner", 1, "a", "-", "policy", 0.5, 60.0, 1.79e9 + 0.1)
    store.folds.commit(lease, Commit(0, [shown] * 3))
    drain(ArchiveFold(store, lake, SEALER.seal_each), own(store))
    assert [entry.record for entry in lake.entries(1, SEALER.unseal)] == [shown] * 3
