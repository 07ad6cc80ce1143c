"""Compaction: fewer and sorted files, the same rows, whoever reads, whatever crashes meanwhile."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake_samples import SEALER
from report_traffic import PARTITIONS, traffic

from nudge import faults
from nudge.domain.journal.records import Decision, JournalEntry
from nudge.lake.checks.checks import PositionSpan, position_spans
from nudge.lake.engine.query import answer, connect, connect_contents, performance, recount
from nudge.lake.files import compact, manifest, writer
from nudge.lake.files.compact import CompactionLimits, merge, plan
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.sweep import sweep

RUNS = 12
TODAY = "date=2026-09-24"
"""Behind the traffic's three days: all of them are over."""
ALL = CompactionLimits(rows=500, many=2)


@pytest.fixture(scope="module")
def journal() -> dict[int, list[JournalEntry]]:
    """Three days of entries, by partition."""
    found: dict[int, list[JournalEntry]] = {p: [] for p in range(PARTITIONS)}
    for at, p, record in traffic(visits=250):
        # References of the traffic's own may happen to be places.
        own = replace(record, ref=None) if isinstance(record, Decision) else record
        found[p].append(JournalEntry(p, len(found[p]) + 1, round(at, 3), own))
    return found


@pytest.fixture(scope="module")
def small_files(
    tmp_path_factory: pytest.TempPathFactory, journal: dict[int, list[JournalEntry]]
) -> Lake:
    """A lake of many small files, which the tests read and leave as it is."""
    lake = Lake(tmp_path_factory.mktemp("small") / "lake")
    for run in range(RUNS):
        batches = [_part(entries, run) for entries in journal.values()]
        ranges = [Range(b[0].partition, b[0].position - 1, b[-1].position) for b in batches]
        files = writer.write(lake.root, ranges, batches, SEALER.seal_each)
        for of, batch in zip(ranges, batches, strict=True):
            made = Manifest(of, files[of.partition], batch[-1].stamp if run % 2 else None)
            manifest.write(lake.root, made)
    return lake


@pytest.fixture
def lake(tmp_path: Path, small_files: Lake) -> Lake:
    """A copy of it."""
    shutil.copytree(small_files.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def _part(entries: list[JournalEntry], run: int) -> list[JournalEntry]:
    size = len(entries) / RUNS
    return entries[round(run * size) : round((run + 1) * size)]


def ends(lake: Lake) -> dict[int, int]:
    return {p: lake.last(p) for p in lake.partitions()}


def compacted(lake: Lake, limits: CompactionLimits = ALL) -> int:
    """Merge until nothing is left to merge; how many merges that took."""
    count = 0
    while work := plan(lake.contents(), ends(lake), TODAY, limits):
        merge(lake.root, work[0])
        count += 1
    return count


def told(lake: Lake) -> Any:
    """The rows that reports and folds read."""
    backend = connect(lake)
    rows = answer(backend, recount(backend))
    return sorted(map(str, rows)), performance(lake, "banner"), lake.contents().watermarks()


def same(lake: Lake, journal: dict[int, list[JournalEntry]]) -> None:
    """The lake is the journal."""
    for p, entries in journal.items():
        assert list(lake.entries(p, SEALER.unseal)) == entries
    counts = {p: PositionSpan(len(e), len(e), 1, len(e)) for p, e in journal.items()}
    assert position_spans(connect(lake), ends(lake)) == counts


def test_fewer_files_and_the_same_rows(lake: Lake, journal: dict[int, list[JournalEntry]]) -> None:
    """Entries, sums and watermarks are equal; a second look finds nothing to do."""
    before, files = told(lake), sum(map(len, lake.tables().values()))
    assert compacted(lake) > 1
    assert told(lake) == before
    same(lake, journal)
    after = lake.tables()
    assert sum(map(len, after.values())) < files / 2
    assert all(source.whole for sources in after.values() for source in sources)
    assert plan(lake.contents(), ends(lake), TODAY, ALL) == []


def test_files_are_sorted_by_slot_and_time(lake: Lake) -> None:
    """So that a report of one slot reads little of them."""
    compacted(lake)
    for source in lake.tables()["exposures"]:
        rows = pq.read_table(source.path, columns=["slot", "at", "partition", "position"])
        keys = [tuple(row.values()) for row in rows.to_pylist()]
        assert keys == sorted(keys)


def test_the_day_under_way_waits_for_many(lake: Lake) -> None:
    """Of today only what is worth it is merged; what is not known to be archived never."""
    contents = lake.contents()
    today = plan(contents, ends(lake), "date=2000-01-01", CompactionLimits(many=100))
    assert today == []
    half = {p: last // 2 for p, last in ends(lake).items()}
    work = plan(contents, half, TODAY, ALL)
    assert work
    assert all(of.upto <= half[of.partition] for one in work for of in one.ranges)
    assert plan(contents, {}, TODAY, ALL) == []


DEATHS = (1, 3, 6, 14)
"""At which passages of a point the process dies."""


class Crash(BaseException):
    """Stands for the death of the process."""


@pytest.mark.parametrize("point", [one for one in faults.POINTS if one.startswith("compact.")])
def test_a_crash_at_any_point_changes_nothing(
    lake: Lake, journal: dict[int, list[JournalEntry]], monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Dying at any passage of a point, the lake holds each row once; going on finishes the job."""
    passed = 0

    def dies(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed in DEATHS:
            raise Crash

    crashes = 0
    with monkeypatch.context() as patch:
        patch.setattr(compact.faults, "point", dies)
        for _ in range(60):
            try:
                compacted(lake)
                break
            except Crash:
                crashes += 1
                same(lake, journal)
    assert crashes
    compacted(lake)
    same(lake, journal)


def test_a_running_reader_keeps_working(lake: Lake, journal: dict[int, list[JournalEntry]]) -> None:
    """A reader of the manifests before reads the old files to the end, through a sweep too."""
    backend, reading = connect_contents(lake.contents()), lake.entries(0, SEALER.unseal)
    first = next(reading)
    before = answer(backend, recount(backend).order_by("partition", "slot", "variant", "reason"))
    compacted(lake)
    seen = sweep(lake, {}, 0.0)
    sweep(lake, seen, 3500.0)
    again = answer(backend, recount(backend).order_by("partition", "slot", "variant", "reason"))
    assert sorted(map(str, again)) == sorted(map(str, before))
    assert [first, *reading] == journal[0]


def test_what_was_replaced_is_swept(lake: Lake, journal: dict[int, list[JournalEntry]]) -> None:
    """After an hour in which no manifest counted on it, file and manifest are gone."""
    old = {path for path in lake.root.rglob("*") if path.is_file()}
    compacted(lake)
    counting = {source.path for sources in lake.tables().values() for source in sources}
    for listed in lake.contents().manifests.values():
        counting |= {manifest.path_of(lake.root, one.range) for one in listed}
    assert old - counting
    sweep(lake, sweep(lake, {}, 0.0), 3601.0)
    assert {path for path in lake.root.rglob("*") if path.is_file()} == counting
    same(lake, journal)


def test_two_who_merge_differently_do_no_harm(
    lake: Lake, journal: dict[int, list[JournalEntry]]
) -> None:
    """An owner that was taken over merges other ranges: readers still find each row once."""
    contents, last = lake.contents(), ends(lake)
    for limits in (ALL, CompactionLimits(rows=350, many=2), CompactionLimits(rows=200, many=2)):
        for work in plan(contents, last, TODAY, limits):
            merge(lake.root, work)
        same(lake, journal)
    sweep(lake, sweep(lake, {}, 0.0), 3601.0)
    same(lake, journal)
    compacted(lake)
    same(lake, journal)


def test_a_file_that_lost_rows_stops_a_merge(lake: Lake) -> None:
    """Nothing that a manifest claims may go missing on the way; the lake stays as it is."""
    path = lake.tables()["exposures"][0].path
    rows = pq.read_table(path, partitioning=None)
    pq.write_table(rows.slice(1), path)
    before = lake.positions()
    with pytest.raises(BrokenLakeError, match="manifest says"):
        compacted(lake)
    assert lake.positions() == before


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.data())
def test_any_merges_leave_one_chain(sizes: list[int], data: st.DataObject) -> None:
    """Whatever neighbours were merged, readers follow each position once, over few manifests."""
    cuts = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    base = [Range(0, *pair) for pair in pairwise(cuts)]
    spans = st.tuples(st.sampled_from(cuts), st.sampled_from(cuts))
    wider = [Range(0, *sorted(one)) for one in data.draw(st.lists(spans)) if one[0] != one[1]]
    chain = manifest.chain([*base, *wider])
    assert [chain[0].after, chain[-1].upto] == [0, cuts[-1]]
    assert all(one.upto == other.after for one, other in pairwise(chain))
    assert len(chain) <= len(base)


def test_a_gap_has_no_chain() -> None:
    """Neither behind a gap nor across an overlap does a chain lead to the end."""
    assert manifest.chain([]) == []
    assert manifest.chain([Range(0, 0, 5), Range(0, 6, 9)]) == []
    assert manifest.chain([Range(0, 0, 5), Range(0, 4, 9)]) == []
