"""Several decisions at one position: whoever reads journal or lake reads each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from block_samples import append_block, planned
from rebuild_site import archive, differences, fold_all, learned, opened, rebuild_whole, states
from worker_site import Site

from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Decision, Event, Exposure, JournalEntry, Mark, Ref, Reward
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.verification.verify import verify
from nudge.lake.files import compact, expire, manifest, writer
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.history import History, batches
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.tables import SCHEMAS
from nudge.store.journal.appends import Append
from nudge.store.keeping.retention import RetentionRule
from nudge.store.wire.keys import Keys
from nudge.workers.runner import Runner

SIZE = 60
"""Decisions of a block."""
SLOT = "sms_timing"


@pytest.fixture
def sent(site: Site) -> Site:
    """In each partition ordinary visitors, a block, and others; every second SMS is sent."""
    site.visit(range(40))
    for p in site.store.keys.every_partition():
        _answered(site, p, append_block(site.store, p, _plans(site.store.keys, p)))
    site.visit(range(40, 80))
    return site


def _plans(keys: Keys, p: int, first: int = 1000) -> list[Decision]:
    return [planned(f"{(first + i) * keys.partitions + p:032x}", 1.8e9 + i) for i in range(SIZE)]


def _answered(site: Site, p: int, position: int) -> None:
    """Every second SMS goes out, and every fourth customer pays."""
    for i, one in list(enumerate(_plans(site.store.keys, p)))[::2]:
        ref = Ref(p, position, i)
        told = [Event(one.subject, f"sent-{i}", "sms_sent", "server", decision=ref)]
        if i % 4 == 0:
            told.append(Event(one.subject, "paid", "paid", "server", fields={"amount": 50}))
        site.store.journal.append_once(p, [Append("", e) for e in told], closes=True)


def lake_of(site: Site) -> Lake:
    return Lake(site.settings.lake_dir)


def journal_of(site: Site, p: int) -> list[JournalEntry]:
    return site.store.journal.read(p, 0, 1_000_000)


def restored(site: Site, p: int) -> list[JournalEntry]:
    return list(lake_of(site).entries(p, Sealer(site.settings.secret_key).unseal))


def same(site: Site) -> None:
    """The lake is the journal, entry by entry and in order."""
    for p in site.store.keys.every_partition():
        found = journal_of(site, p)
        assert max(Counter(entry.position for entry in found).values()) == SIZE
        assert restored(site, p) == found


def in_steps(site: Site, limits: ArchiveLimits) -> None:
    """Archive until nothing waits."""
    leases = [
        site.store.folds.seize(p, "archive", "w", 60) for p in site.store.keys.every_partition()
    ]
    seal = Sealer(site.settings.secret_key).seal_each
    made = ArchiveFold(site.store, lake_of(site), seal, limits)
    leases = made.run(leases)
    while made.due(0.0):
        leases = made.run(leases)


def test_what_was_sent_is_an_exposure_and_what_was_paid_a_reward(sent: Site) -> None:
    """`sms_sent` with the id of a block's decision exposes that one; learn counts it once."""
    fold_all(sent)
    every = sent.store.keys.partitions
    shown = [r for r in sent.records() if isinstance(r, Exposure) and r.slot == SLOT]
    paid = [r for r in sent.records() if isinstance(r, Reward) and r.slot == SLOT]
    assert sorted(Counter(r.decision.index for r in shown).items()) == [
        (i, every) for i in range(0, SIZE, 2)
    ]
    assert sorted(Counter(r.decision.index for r in paid).items()) == [
        (i, every) for i in range(0, SIZE, 4)
    ]
    plans = {(p, i): one for p in range(every) for i, one in enumerate(_plans(sent.store.keys, p))}
    for record in (*shown, *paid):
        plan = plans[record.decision.partition, record.decision.index]
        assert (record.subject, record.variant) == (plan.subject, plan.variant)
    rows = sent.store.counts.totals(SLOT)
    assert sum(row.trials for row in rows) == every * SIZE // 2
    assert sum(row.conversions for row in rows) == every * SIZE // 4


def test_a_small_batch_does_not_cut_a_block(sent: Site) -> None:
    """A fold that takes ten entries at a time comes to the same states as one that takes 500."""
    runner = Runner(sent.store, AttributeFold(sent.store, batch=10), "small")
    while runner.turn():
        pass
    runner._release()
    fold_all(sent)
    before = learned(sent, SLOT), states(sent), opened(sent)
    _rebuilt_to(sent, before)
    assert differences(sent) == []


def test_batches_end_where_a_position_ends() -> None:
    """However many entries a position has, they are of one batch."""
    places = [1, 2, *[3] * 9, 4, *[5] * 3, *[6] * 3]
    index = [places[:i].count(place) for i, place in enumerate(places)]
    entries = [
        JournalEntry(0, place, 1.0, Mark("m"), i) for place, i in zip(places, index, strict=True)
    ]
    found = [[entry.position for entry in batch] for batch in batches(iter(entries), 4)]
    assert found == [[1, 2, *[3] * 9], [4, 5, 5, 5], [6, 6, 6]]


def test_the_lake_gives_back_the_same_entries(sent: Site) -> None:
    """Archived beside ordinary records, and read back: equal, with their indices; verify agrees."""
    fold_all(sent)
    assert differences(sent) == []
    archive(sent)
    archive(sent)  # what attribute wrote behind the first
    same(sent)
    assert differences(sent) == []


def test_state_is_rebuilt_to_the_same_bits_from_journal_and_lake(sent: Site) -> None:
    """From the journal alone, then from the lake alone: counts, states, open exposures."""
    fold_all(sent)
    before = learned(sent, SLOT), states(sent), opened(sent)
    _rebuilt_to(sent, before)
    archive(sent)
    for p in sent.store.keys.every_partition():
        sent.store.retention.trim(p, RetentionRule(0.0))
    assert sent.records() == []
    _rebuilt_to(sent, before)
    assert differences(sent) == []


def _rebuilt_to(site: Site, before: object) -> None:
    assert not any(one.differences for one in rebuild_whole(site))
    assert (learned(site, SLOT), states(site), opened(site)) == before


def test_ranges_and_chunks_are_bounded_by_entries(
    sent: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block is as long as it is: neither a run nor what is in memory grows by its positions."""
    for p in sent.store.keys.every_partition():
        for n in range(5):
            append_block(sent.store, p, _plans(sent.store.keys, p, 2000 + n * SIZE))
    sizes = []
    write = writer.write

    def looked(
        root: Path, ranges: Iterable[object], chunks: Iterable[Sequence[JournalEntry]], seal: object
    ) -> object:
        def told() -> Iterable[Sequence[JournalEntry]]:
            for chunk in chunks:
                sizes.append(len(chunk))
                yield chunk

        return write(root, ranges, told(), seal)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "write", looked)
    in_steps(sent, ArchiveLimits(range=100, chunk=50))
    assert max(sizes) < 2 * 50 + SIZE
    contents = lake_of(sent).contents()
    rows = [one.rows for listed in contents.manifests.values() for one in listed]
    assert max(rows) < 100 + SIZE
    assert len(rows) >= 4 * sent.store.keys.partitions
    same(sent)
    fold_all(sent)
    assert differences(sent) == []


def test_a_merge_keeps_blocks(sent: Site) -> None:
    """Fewer files, the same entries; what a merge takes together is bounded by rows."""
    fold_all(sent)
    in_steps(sent, ArchiveLimits(range=30, chunk=50))
    lake, limits = lake_of(sent), compact.CompactionLimits(rows=10_000, many=2)
    ends = {p: lake.last(p) for p in lake.partitions()}
    (work, *_) = compact.plan(lake.contents(), ends, "date=9999-01-01", limits)
    compact.merge(lake.root, work)
    assert {len(listed) for listed in lake.contents().manifests.values()} == {1}
    same(sent)
    assert differences(sent) == []
    tight = compact.CompactionLimits(rows=SIZE, many=2)
    assert compact.plan(lake.contents(), ends, "date=9999-01-01", tight) == []


def test_days_with_blocks_can_be_removed(sent: Site) -> None:
    """The balance accounts for every position, and folds and verify go on behind it."""
    fold_all(sent)
    in_steps(sent, ArchiveLimits(range=90, chunk=50))
    lake, unseal = lake_of(sent), Sealer(sent.settings.secret_key).unseal
    for p in lake.partitions():
        parts = expire.plan(lake.manifests(p), lake.last(p), "date=9999-01-01", rows=100)
        assert sum(one.rows for one in parts) > sum(len(one.range) for one in parts)
        made = expire.expire(lake, lake.balance(p), parts, 1e12, unseal)
        assert made is not None
        assert made.expired is not None
        assert made.expired.rows["decisions"] >= SIZE
        assert made.positions == parts[-1].range.upto
    assert [line for line in differences(sent) if "open exposures" not in line] == []


@pytest.mark.parametrize("change", ["missing", "doubled"])
def test_a_row_of_a_block_that_is_missing_or_doubled_is_named(sent: Site, change: str) -> None:
    """Its position is still there: the count of rows tells, and so does the id."""
    fold_all(sent)
    archive(sent)
    (path,) = lake_of(sent).root.glob("decisions/*/*.parquet")
    rows = pq.read_table(path, schema=SCHEMAS["decisions"], partitioning=None)
    at = next(i for i, slot in enumerate(rows["slot"].to_pylist()) if slot == SLOT) + 7
    row, p = rows.slice(at, 1).to_pylist()[0], rows["partition"][at].as_py()
    rest = [rows.slice(0, at), rows.slice(at + 1)]
    parts = rest if change == "missing" else [rows, rows.slice(at, 1)]
    pq.write_table(pa.concat_tables(parts), path)
    due = sum(isinstance(entry.record, Decision) for entry in journal_of(sent, p))
    seal = Sealer(sent.settings.secret_key).unseal
    with pytest.raises(BrokenLakeError, match="its manifest says"):
        list(lake_of(sent).entries(p, seal))
    lines = _verified(sent)
    has = due - 1 if change == "missing" else due + 1
    assert f"p={p} rows of decisions in the lake: expected {due}, found {has}" in lines
    twice = f"lake decisions {row['decision_id']}: expected one row, found 2 rows"
    assert lines[1:] == ([] if change == "missing" else [twice])


def _verified(site: Site) -> list[str]:
    return [str(one) for one in verify(site.store, lake_of(site))]


def test_a_position_in_two_tables_is_told(sent: Site) -> None:
    """Rows of another kind do not pass as a block's, though rows and manifests agree."""
    fold_all(sent)
    archive(sent)
    lake = lake_of(sent)
    last = lake.last(0)
    sent.store.journal.append_mark(0, Mark("a"))
    sent.store.journal.append_mark(0, Mark("b"))
    of = Range(0, last, last + 2)
    stamp = 1.79e9
    entries = [
        JournalEntry(0, last + 1, stamp, _plans(sent.store.keys, 0)[0]),
        JournalEntry(0, last + 1, stamp, Mark("a")),
    ]
    files = writer.write(lake.root, [of], [entries], Sealer(sent.settings.secret_key).seal_each)
    manifest.write(lake.root, Manifest(of, files[0]))
    expected = f"p=0 positions 1 to {last + 2} in the lake: expected {last + 2}, found {last + 1}"
    assert expected in _verified(sent)


def test_the_length_of_a_history_counts_the_decisions_of_blocks(sent: Site) -> None:
    """So that progress ends at its end, and a sample of visitors is one where blocks are many."""
    archive(sent)
    p = 0
    history = History(lake_of(sent), Sealer(sent.settings.secret_key).unseal, lambda *_: [])
    assert history.length(p, lake_of(sent).last(p)) == len(journal_of(sent, p))
