"""Verify names every way in which journal, lake and totals can disagree, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Exposure, JournalEntry, Mark, Record, Ref, Reward
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.upkeep.verification.verify import Difference, verify
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.folds.folds import Commit
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

SEALER = Sealer(b"verify-test-secret-0123456789")
AT = 1_790_000_000.0


class Loop:
    """Attribute's records go in by hand; learn and archive run when told."""

    def __init__(self, store: Store, lake: Lake) -> None:
        self.store, self.lake = store, lake
        self._learn = LearnFold(store)
        self._archive = ArchiveFold(store, lake, SEALER.seal_each)

    def put(self, partition: int, *records: Record) -> None:
        """Append records to a partition."""
        lease = self.store.folds.acquire(partition, "feed", "w", 60)
        assert lease is not None
        self.store.folds.commit(lease, Commit(0, records))

    def learn(self, partition: int) -> None:
        """Let learn catch up."""
        lease = self.store.folds.acquire(partition, "learn", "w", 60)
        assert lease is not None
        entries = self.store.journal.read(partition, lease.position, 10_000)
        state = self._learn.prepare(partition)
        if entries:
            _, batch = self._learn.handle(partition, state, entries)
            self.store.folds.commit(lease, batch)

    def archive(self) -> None:
        """Let archive catch up."""
        every = self.store.keys.every_partition()
        found = [self.store.folds.acquire(p, FoldName.ARCHIVE, "w", 60) for p in every]
        self._archive.run([lease for lease in found if lease is not None])

    def differences(self) -> list[Difference]:
        """The differences that verify finds."""
        return verify(self.store, self.lake)

    def lines(self) -> list[str]:
        """The same, as lines."""
        return [str(one) for one in self.differences()]


@pytest.fixture
def loop(store_url: str, settings: Settings, tmp_path: Path) -> Iterator[Loop]:
    """Two partitions with exposures and rewards, learned and archived to different positions."""
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    loop = Loop(store, Lake(tmp_path / "lake"))
    for start in (0, 10, 20):
        for p in (0, 1):
            loop.put(p, *records(p, start))
        if start == 0:
            loop.learn(0)
            loop.archive()
        if start == 10:
            loop.learn(1)
    yield loop
    store.close()


def records(partition: int, start: int) -> list[Record]:
    """Ten exposures, five of them rewarded, and a mark."""
    shown = [
        Exposure(
            "5" * 32,
            Ref(partition, 1000 + start + i),
            "banner",
            1 + i % 2,
            "ab"[i % 2],
            "-",
            "policy" if i else "holdout",
            0.5,
            60.0,
            AT + i,
        )
        for i in range(10)
    ]
    paid = [
        Reward(
            f"r{partition}-{start}-{i}",
            one.subject,
            one.decision,
            one.slot,
            one.revision,
            one.variant,
            one.cell,
            one.reason,
            one.at,
            f"e{i}",
            1,
            5_000 + i,
            (5_000 + i) ** 2,
            shared=False,
            at=AT + 30,
        )
        for i, one in enumerate(shown[:5])
        if isinstance(one, Exposure)
    ]
    return [*shown, *paid, Mark("checked")]


def test_folds_at_different_positions_agree(loop: Loop) -> None:
    """Lag is no difference: what the lake lacks is counted from the journal, and the reverse."""
    assert loop.lines() == []
    loop.learn(0)
    assert loop.lines() == []
    loop.archive()
    assert loop.lines() == []
    loop.learn(1)
    assert loop.lines() == []


def test_an_empty_installation_has_no_differences(loop: Loop, tmp_path: Path) -> None:
    """A fresh store with a fresh lake is in order."""
    fresh = Keys(loop.store.keys.namespace + "-fresh", 3)
    assert verify(Store(loop.store.client, fresh), Lake(tmp_path / "none")) == []


def test_a_total_that_was_changed_is_named(loop: Loop) -> None:
    """One count too many or too few, in any field, is one line."""
    loop.learn(0)
    loop.archive()
    key = loop.store.keys.totals(0, "banner")
    loop.store.client.call("HINCRBY", key, "2|policy|b|t", 1)
    loop.store.client.call("HDEL", key, "1|holdout|a|q")
    assert loop.lines() == [
        "p=0 totals of banner 1|holdout|a|q: expected 75000000, found 0",
        "p=0 totals of banner 2|policy|b|t: expected 15, found 16",
        "p=0 counts in buckets of banner 2|policy|b|t: expected 16, found 15",
    ]


def test_buckets_that_do_not_add_up_are_named(loop: Loop) -> None:
    """The counts that are learned from, over all time, are what the totals say was drawn."""
    loop.learn(0)
    block = loop.store.counts.blocks(0, "banner")[0]
    key = loop.store.keys.counts(0, "banner", block)
    name = next(n for n in loop.store.counts.fields(key) if n.endswith("|t"))
    loop.store.client.call("HINCRBY", key, name, -1)
    (line,) = loop.lines()
    assert line.startswith("p=0 counts in buckets of banner")


def test_what_is_declared_lost_is_no_difference(loop: Loop) -> None:
    """A gap that an operator accepted is known; the positions behind it count on."""
    loop.learn(0)
    loop.learn(1)
    loop.archive()
    loop.store.client.call("SET", loop.store.keys.seq(1), 1000)
    loop.store.client.call("HSET", loop.store.keys.fold(1, FoldName.ARCHIVE), "position", 1000)
    manifest.write(loop.lake.root, Manifest(Range(1, 48, 1000), (), lost="store_empty"))
    loop.put(1, Mark("after"))
    loop.archive()
    assert loop.lines() == []


def test_entries_that_left_the_journal_too_early_are_missed(loop: Loop) -> None:
    """A record that is neither in the lake nor in the journal is lost, and verify says so."""
    loop.store.client.call("XTRIM", loop.store.keys.journal(0), "MINID", "20-0")
    line = "p=0 journal behind position 16: expected 32 positions, found 29 positions"
    assert line in loop.lines()


def test_a_lake_that_lost_a_manifest_is_told(loop: Loop) -> None:
    """At the end it is fewer positions than archived; in the middle it is a gap."""
    loop.archive()
    last = max(manifest.directory(loop.lake.root, 1).iterdir())
    text = last.read_text()
    last.unlink()
    assert "p=1 last position in the lake: expected 48, found 16" in loop.lines()
    last.write_text(text)
    assert loop.lines() == []
    min(manifest.directory(loop.lake.root, 1).iterdir()).unlink()
    (difference,) = loop.differences()
    assert difference.what == "files"
    assert "gap" in difference.found


def test_a_store_that_is_older_than_the_lake_is_told(loop: Loop) -> None:
    """Positions that only the lake knows were lost by the store."""
    loop.archive()
    loop.store.client.call("SET", loop.store.keys.seq(1), 40)
    lines = loop.lines()
    assert "p=1 last position in the journal: expected at least 48, found 40" in lines


def test_an_id_that_is_there_twice_is_named(loop: Loop) -> None:
    """Two rows with one reward's id count it twice, wherever they are."""
    twice = replace(records(0, 0)[10], subject="6" * 32)
    loop.put(1, twice)
    loop.archive()
    assert "lake rewards r0-0-0: expected one row, found 2 rows" in loop.lines()


def test_a_position_that_is_there_twice_is_told(loop: Loop) -> None:
    """A manifest whose file repeats a position and lacks another does not pass."""
    loop.archive()
    of = Range(1, 48, 50)
    entries = [JournalEntry(1, 49, AT, Mark("twice")), JournalEntry(1, 49, AT, Mark("twice"))]
    files = writer.write(loop.lake.root, [of], [entries], SEALER.seal_each)
    loop.put(1, Mark("a"), Mark("b"))
    manifest.write(loop.lake.root, Manifest(of, files[1]))
    assert "p=1 positions 1 to 50 in the lake: expected 50, found 49" in loop.lines()


def test_a_file_that_is_gone_is_a_difference(loop: Loop) -> None:
    """Verify answers about a broken lake instead of failing on it."""
    next(loop.lake.root.glob("rewards/*/*.parquet")).unlink()
    (difference,) = loop.differences()
    assert difference.partition == -1
    assert "cannot be read" in difference.found
