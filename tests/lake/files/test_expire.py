"""Days that are removed leave a balance: with the rest it is all that the rows were."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from day_traffic import ACTIVE, DAY, SPAN, journal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_samples import MIDNIGHT, SEALER, SECRET
from places import ROOT

from nudge import faults
from nudge.domain.credit.attribution_replay import AttributionReplay
from nudge.domain.credit.booking import BookingKey, bookings, widen_buckets
from nudge.domain.credit.closing import advance
from nudge.domain.credit.closing_state import ClosingState
from nudge.domain.credit.tally import NOTHING, Tally, plus
from nudge.domain.journal.records import JournalEntry
from nudge.domain.people.visitor import VisitorState
from nudge.lake.checks.checks import PositionSpan, position_spans
from nudge.lake.engine.query import connect_contents
from nudge.lake.files import compact, expire, manifest, writer
from nudge.lake.files.errors import BrokenLakeError, DaysRemovedError
from nudge.lake.files.history import batches
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.sweep import sweep

PARTITIONS = (0, 1)
START = MIDNIGHT - SPAN * DAY
VISITS = 6
"""Of a day and partition: few, since every death is followed by a recount of all entries."""
RUN = 60
"""Entries of a manifest."""
ROWS = 250
"""Entries of a step."""
LATE = MIDNIGHT + 30 * DAY
"""A watermark at which everything has closed."""


@pytest.fixture(scope="module")
def entries() -> dict[int, list[JournalEntry]]:
    """Eighteen days of entries, by partition."""
    return {p: journal(START, p, visits=VISITS) for p in PARTITIONS}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, entries: dict[int, list[JournalEntry]]) -> Path:
    """The same as a lake; copies of it are cut."""
    root = tmp_path_factory.mktemp("whole") / "lake"
    for p, found in entries.items():
        for first in range(0, len(found), RUN):
            batch = found[first : first + RUN]
            of = Range(p, first, batch[-1].position)
            files = writer.write(root, [of], [batch], SEALER.seal_each)
            manifest.write(root, Manifest(of, files[p], batch[-1].stamp))
    return root


@pytest.fixture
def lake(whole: Path, tmp_path: Path) -> Lake:
    return Lake(shutil.copytree(whole, tmp_path / "lake"))


def day(number: float) -> str:
    """The day under way so many days behind the start."""
    return f"date={datetime.fromtimestamp(START + number * DAY, UTC).date().isoformat()}"


def step(lake: Lake, p: int, before: str, rows: int = ROWS, watermark: float = LATE) -> bool:
    """One step of the removal; whether there was something to remove."""
    contents = lake.contents()
    parts = expire.plan(contents.manifests[p], lake.last(p), before, rows)
    balance = contents.balance(p)
    return bool(parts) and bool(
        expire.expire(lake, balance, parts, watermark, SEALER.unseal) is not None
    )


def cut(lake: Lake, before: str, rows: int = ROWS, watermark: float = LATE) -> int:
    """Remove all that may go; in how many steps."""
    steps = 0
    for p in PARTITIONS:
        while step(lake, p, before, rows, watermark):
            steps += 1
    return steps


def summed(entries: Iterable[JournalEntry]) -> dict[BookingKey, Tally]:
    """The counts that learn books of the entries, by the finest buckets."""
    found: defaultdict[BookingKey, Tally] = defaultdict(lambda: NOTHING)
    for entry in entries:
        for key, tally in bookings(entry.record):
            found[key] = plus(found[key], tally)
    return found


def added(one: dict[BookingKey, Tally], other: dict[BookingKey, Tally]) -> dict[BookingKey, Tally]:
    both: defaultdict[BookingKey, Tally] = defaultdict(lambda: NOTHING, one)
    for key, tally in other.items():
        both[key] = plus(both[key], tally)
    return both


def replayed(found: list[JournalEntry], closing: ClosingState) -> dict[str, VisitorState]:
    """Each visitor's state behind the entries, without the forgotten, brought to their end."""
    for batch in batches(iter(found), 500):
        closing.take(batch)
    until = closing.watermark
    known = closing.replay.visitors.items()
    return {s: advance(v, until) for s, v in known if not v.is_forgotten(until)}


@cache
def truth(p: int) -> tuple[dict[BookingKey, Tally], dict[str, VisitorState]]:
    """Sums and states of all entries of a partition, in which nothing was removed."""
    found = journal(START, p, visits=VISITS)
    return widen_buckets(summed(found), found[-1].stamp), replayed(found, ClosingState())


def same(lake: Lake, entries: dict[int, list[JournalEntry]]) -> None:
    """Balance and rest are the journal: every position, every sum, every visitor."""
    contents = lake.contents()
    rows = position_spans(connect_contents(contents), {p: lake.last(p) for p in PARTITIONS})
    for p, found in entries.items():
        balance, until = contents.balance(p), found[-1].stamp
        rest = list(lake.entries(p, SEALER.unseal, balance.position))
        assert rest == found[balance.position :]
        assert contents.positions()[p] == len(found)
        assert rows.get(p) == (
            PositionSpan(len(rest), len(rest), rest[0].position, len(found)) if rest else None
        )
        sums, states = truth(p)
        assert widen_buckets(added(balance.sums(), summed(rest)), until) == sums
        opened = ClosingState(AttributionReplay(balance.until))
        opened.replay.know(dict(balance.states()))
        assert replayed(rest, opened) == states


@given(at=st.floats(0.0, SPAN + 1.0), rows=st.sampled_from([1, 100, ROWS, 10_000]))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_balance_and_rest_are_what_all_rows_were(
    whole: Path, tmp_path: Path, entries: dict[int, list[JournalEntry]], at: float, rows: int
) -> None:
    """Whatever the cut and the steps: sums by every key, and every visitor's state, are equal."""
    place = tmp_path / "cut"
    shutil.rmtree(place, ignore_errors=True)
    lake = Lake(shutil.copytree(whole, place))
    cut(lake, day(at), rows)
    same(lake, entries)
    for p, found in entries.items():
        first = lake.contents().balance(p).position
        assert all(f"date={_date(entry)}" < day(at) for entry in found[:first])
        # What stays of removed days shares a manifest with a day that stays.
        assert sum(f"date={_date(entry)}" < day(at) for entry in found[first:]) < RUN


def _date(entry: JournalEntry) -> str:
    return datetime.fromtimestamp(entry.stamp, UTC).date().isoformat()


def test_cuts_add_up(lake: Lake, entries: dict[int, list[JournalEntry]]) -> None:
    """Day after day, the balance grows by what goes; a second look finds nothing to do."""
    for number in range(SPAN):
        cut(lake, day(number))
        assert cut(lake, day(number)) == 0
    same(lake, entries)
    assert lake.contents().since() is not None
    left = lake.contents().balance(0).left
    assert left is not None
    assert sum(left.rows.values()) == lake.contents().balance(0).position


def test_what_is_open_or_not_read_stays(lake: Lake, entries: dict[int, list[JournalEntry]]) -> None:
    """Nothing goes whose window has not closed, nor behind what every fold has read."""
    first = START + 7 * DAY
    cut(lake, day(SPAN), watermark=first)
    since = lake.contents().since()
    assert since is not None
    assert since < first
    for p, found in entries.items():
        gone = found[: lake.contents().balance(p).position]
        assert all(expire._is_closed(entry, first) for entry in gone)
        left = expire.plan(lake.contents().manifests[p], len(found) // 2, day(SPAN))
        assert all(one.range.upto <= len(found) // 2 for one in left)
    same(lake, entries)


class Crash(BaseException):
    """Stands for the death of the process."""


@pytest.mark.parametrize("point", [one for one in faults.POINTS if one.startswith("expire.")])
def test_a_crash_at_any_point_leaves_a_lake(
    lake: Lake, entries: dict[int, list[JournalEntry]], monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Dying at any passage of a point, rows or balance are there; going on finishes the job."""
    crashes = 0

    def dies(name: str) -> None:
        nonlocal crashes
        crashes += name == point
        if name == point and crashes % 3 == 1:
            raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(expire.faults, "point", dies)
        for _ in range(40):
            try:
                cut(lake, day(SPAN - 4), 150)
                break
            except Crash:
                sweep(lake, sweep(lake, {}, 0.0), 3601.0)
                same(lake, entries)
    assert crashes > 3
    assert cut(lake, day(SPAN - 4), 150) == 0
    same(lake, entries)


def test_kill_9_at_any_step_leaves_a_lake(
    lake: Lake, entries: dict[int, list[JournalEntry]]
) -> None:
    """A process that dies at any sync or rename leaves rows or their balance; another goes on."""
    script = ROOT / "tests" / "lake" / "expire_crash.py"
    where = (SECRET, os.fspath(lake.root), day(SPAN - 4), repr(LATE))
    with subprocess.Popen(
        [sys.executable, os.fspath(script), *where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
    ) as dying:
        assert dying.stdin
        assert dying.stdout
        deaths = 0
        for number in itertools.cycle(range(1, 14)):
            dying.stdin.write(f"{number} {('before', 'after')[deaths % 2]}\n")
            dying.stdin.flush()
            code = int(dying.stdout.readline())
            if code == 0:
                break
            assert code == -signal.SIGKILL
            deaths += 1
            same(lake, entries)
        dying.stdin.close()
    assert deaths >= 9
    assert cut(lake, day(SPAN - 4)) == 0
    sweep(lake, sweep(lake, {}, 0.0), 3601.0)
    assert not list(lake.root.rglob("*.tmp"))
    same(lake, entries)


def test_files_go_an_hour_later(lake: Lake, entries: dict[int, list[JournalEntry]]) -> None:
    """A reader that looked before reads to the end; then only what counts is on the disk."""
    reading = lake.entries(0, SEALER.unseal)
    first = next(reading)
    files = set(lake.root.rglob("*.parquet"))
    cut(lake, day(SPAN - 4))
    seen = sweep(lake, {}, 0.0)
    sweep(lake, seen, 3500.0)
    assert [first, *reading] == entries[0]
    sweep(lake, seen, 3601.0)
    gone = files - set(lake.root.rglob("*.parquet"))
    assert {path.parent.name for path in gone} >= {day(number) for number in ACTIVE[:8]}
    # Sums, visitors and imports: the journal has marks of an import.
    assert len(list(lake.root.glob("balances/*/*"))) == 3 * len(PARTITIONS)
    assert len(list(lake.root.glob("manifests/p=0/*"))) == len(lake.manifests(0))
    same(lake, entries)


def test_merges_before_and_behind_do_no_harm(
    lake: Lake, entries: dict[int, list[JournalEntry]]
) -> None:
    """A lake is merged, cut, merged; an owner that lost its lease merges what is gone."""
    limits = compact.CompactionLimits(rows=900, many=2)
    ends = {p: lake.last(p) for p in PARTITIONS}
    stale = compact.plan(lake.contents(), ends, day(SPAN + 1), limits)
    for work in stale[:3]:
        compact.merge(lake.root, work)
    cut(lake, day(95))
    for work in stale[3:]:
        compact.merge(lake.root, work)
        same(lake, entries)
    cut(lake, day(96))
    for work in compact.plan(lake.contents(), ends, day(SPAN + 1), limits):
        compact.merge(lake.root, work)
    same(lake, entries)
    assert lake.contents().balance(0).position > 0


def test_positions_that_were_lost_before_are_accounted_for(
    lake: Lake, entries: dict[int, list[JournalEntry]]
) -> None:
    """A gap that an operator accepted goes with the days around it; the count stays dense."""
    last = lake.last(0)
    manifest.write(lake.root, Manifest(Range(0, last, last + 1000), (), lost="store_empty"))
    after = [JournalEntry(0, last + 1001, LATE, entries[0][0].record)]
    of = Range(0, last + 1000, last + 1001)
    files = writer.write(lake.root, [of], [after], SEALER.seal_each)
    manifest.write(lake.root, Manifest(of, files[0], LATE))
    before = f"date={datetime.fromtimestamp(LATE, UTC).date().isoformat()}"
    cut(lake, before)
    assert lake.contents().balance(0).position == last
    cut(lake, "date=2999-01-01", watermark=LATE + 9 * DAY)
    left = lake.contents().balance(0)
    assert left.left is not None
    assert (left.position, left.left.lost) == (last + 1001, 1000)
    assert lake.contents().lost() == {}


def test_what_is_gone_is_refused(lake: Lake) -> None:
    """Nobody who asks for all entries is given fewer."""
    cut(lake, day(4))
    with pytest.raises(DaysRemovedError, match="were removed from the lake by age"):
        list(lake.entries(0, SEALER.unseal))


def test_a_file_that_lost_rows_stops_it(lake: Lake) -> None:
    """Rows that a manifest claims must be there to be counted; the lake stays as it is."""
    path = lake.tables()["exposures"][0].path
    rows = pq.read_table(path, partitioning=None)
    pq.write_table(rows.slice(1), path)
    with pytest.raises(BrokenLakeError, match="manifest says"):
        cut(lake, day(4))
    assert any(lake.contents().balance(p).left is None for p in PARTITIONS)


def test_a_mark_that_does_not_account_for_its_range_is_refused(lake: Lake) -> None:
    """Positions stay dense: rows and losses of a mark are the length of its range."""
    cut(lake, day(4))
    of = lake.manifests(0)[0].range
    path = manifest.path_of(lake.root, of)
    text: Any = path.read_text()
    path.write_text(text.replace('"lost": 0', '"lost": 1'))
    with pytest.raises(BrokenLakeError, match="does not account"):
        lake.manifests(0)
