"""Readers see what manifests claim, whole, once, and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from lake_samples import MIDNIGHT, RECORDS, SEALER, entries
from places import ROOT

from nudge.domain.journal.records import JournalEntry
from nudge.lake.checks.checks import PositionSpan, RepeatedId, find_repeated_ids, position_spans
from nudge.lake.engine.query import answer, connect, sql_view
from nudge.lake.files import manifest, writer
from nudge.lake.files.errors import BrokenLakeError, LakeAwayError
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.sweep import PATIENCE, sweep
from nudge.lake.files.tables import SCHEMAS

N = len(RECORDS)


def add(lake: Lake, *batch: list[JournalEntry], watermark: float | None = None) -> list[Manifest]:
    """Write entries, one list a partition, as the archive does."""
    ranges = [
        Range(found[0].partition, found[0].position - 1, found[-1].position) for found in batch
    ]
    files = writer.write(lake.root, ranges, batch, SEALER.seal_each)
    made = [Manifest(of, files[of.partition], watermark) for of in ranges]
    for one in made:
        manifest.write(lake.root, one)
    return made


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_an_empty_lake_has_typed_tables_without_rows(lake: Lake) -> None:
    """Reports need not know whether anything was archived yet."""
    backend = connect(lake)
    assert [answer(backend, backend.table(table)) for table in SCHEMAS] == [[]] * 5
    assert lake.positions() == {}


def test_entries_come_back_in_order(lake: Lake) -> None:
    """A rebuild reads exactly what was archived, from any position on."""
    first, other = entries(), entries(partition=0)
    second = entries(after=N)
    add(lake, first, other)
    add(lake, second)
    assert lake.positions() == {0: N, 2: 2 * N}
    assert list(lake.entries(2, SEALER.unseal)) == first + second
    assert list(lake.entries(2, SEALER.unseal, after=N + 3)) == second[3:]


def test_files_lie_by_table_and_utc_day_of_the_stamp(lake: Lake) -> None:
    """A batch over midnight has a file on each day, in Hive's layout."""
    add(lake, entries(first=MIDNIGHT - 0.005))
    days = {path.parent.name for path in lake.root.glob("*/date=*/*.parquet")}
    assert days == {"date=2026-09-21", "date=2026-09-22"}
    events = sorted(lake.root.glob("events/*/*.parquet"))
    assert len(events) == 1
    assert pq.ParquetFile(events[0]).schema_arrow == SCHEMAS["events"]


def test_a_file_without_manifest_does_not_exist(lake: Lake) -> None:
    """Files that a crash left behind are in no table."""
    add(lake, entries())
    of = Range(2, N, 2 * N)
    writer.write(lake.root, [of], [entries(after=N)], SEALER.seal_each)
    assert position_spans(connect(lake), {2: 99}) == {2: PositionSpan(N, N, 1, N)}


def test_only_the_claimed_rows_of_a_shared_file_exist(lake: Lake) -> None:
    """A file of two partitions, of which another owner archived one again, is cut to the rest."""
    batch = entries(partition=0), entries(partition=2)
    ranges = [Range(p, 0, N) for p in (0, 2)]
    files = writer.write(lake.root, ranges, batch, SEALER.seal_each)
    manifest.write(lake.root, Manifest(ranges[0], files[0]))
    add(lake, entries(partition=2))
    assert [s.whole for s in lake.tables()["rewards"]].count(False) == 1
    assert position_spans(connect(lake), {0: N, 2: N}) == {
        p: PositionSpan(N, N, 1, N) for p in (0, 2)
    }
    assert list(lake.entries(2, SEALER.unseal)) == entries()


def test_a_claim_of_more_rows_than_positions_is_no_manifest(lake: Lake) -> None:
    """A manifest accounts for each of its positions."""
    (one,) = add(lake, entries())
    manifest.path_of(lake.root, one.range).write_text(
        manifest._dumped(Manifest(one.range, one.files[:-1])), encoding="utf-8"
    )
    with pytest.raises(BrokenLakeError, match="account"):
        lake.positions()


@pytest.mark.parametrize(("after", "what"), [(N + 1, "leave a gap"), (N - 1, "overlap")])
def test_gaps_and_overlaps_name_the_files(lake: Lake, after: int, what: str) -> None:
    """Manifests that contradict each other stop every reader."""
    (one,) = add(lake, entries())
    (other,) = add(lake, entries(RECORDS * 2, after=after))
    with pytest.raises(BrokenLakeError, match=what) as caught:
        connect(lake)
    for made in (one, other):
        assert str(manifest.path_of(lake.root, made.range)) in str(caught.value)


def test_a_missing_file_is_told_as_the_lakes_error(lake: Lake) -> None:
    """A broken lake is told as one, not by which library noticed."""
    (one,) = add(lake, entries())
    (lake.root / one.files[0].path).unlink()
    with pytest.raises(BrokenLakeError, match="cannot be read"):
        connect(lake)
    with pytest.raises(LakeAwayError):
        list(lake.entries(2, SEALER.unseal))


def test_no_manifest_is_written_for_a_file_that_is_gone(lake: Lake) -> None:
    """An owner that slept until its file was swept away cannot claim its rows."""
    of = Range(2, 0, N)
    files = writer.write(lake.root, [of], [entries()], SEALER.seal_each)
    (lake.root / files[2][0].path).unlink()
    with pytest.raises(LakeAwayError):
        manifest.write(lake.root, Manifest(of, files[2]))
    assert lake.positions() == {}


def test_a_failed_write_leaves_nothing(lake: Lake) -> None:
    """An error in the middle removes what was begun."""

    def broken() -> object:
        yield entries()
        raise OSError("no space left on device")

    with pytest.raises(LakeAwayError, match="no space"):
        writer.write(lake.root, [Range(2, 0, N)], broken(), SEALER.seal_each)  # type: ignore[arg-type]
    assert [path for path in lake.root.rglob("*") if path.is_file()] == []


def test_writing_again_replaces(lake: Lake) -> None:
    """The same ranges give the same names: nothing is doubled."""
    add(lake, entries(), entries(partition=0))
    names = sorted(lake.root.rglob("*"))
    add(lake, entries(), entries(partition=0))
    assert sorted(lake.root.rglob("*")) == names
    assert position_spans(connect(lake), {0: N, 2: N}) == {
        p: PositionSpan(N, N, 1, N) for p in (0, 2)
    }


def test_repeated_ids_are_found(lake: Lake) -> None:
    """An id in two rows is named with their number."""
    add(lake, entries(RECORDS + RECORDS[5:6]))
    assert RepeatedId("rewards", "r1", 2) in find_repeated_ids(connect(lake), {2: 99})


def test_sweeping_takes_only_what_stayed_unclaimed(lake: Lake) -> None:
    """A file goes after an hour without manifest; one that was touched meanwhile has another."""
    add(lake, entries())
    writer.write(lake.root, [Range(2, N, 2 * N)], [entries(after=N)], SEALER.seal_each)
    (lake.root / "events" / "date=2026-09-22" / ".x.parquet.ab.tmp").touch()
    before = len(list(lake.root.rglob("*.*")))
    seen = sweep(lake, {}, 0.0)
    kept = next(path for path in seen if path.suffix == ".parquet")
    kept.touch()
    seen = sweep(lake, seen, PATIENCE)
    assert list(seen) == [kept]
    assert len(list(lake.root.rglob("*.*"))) < before
    assert sweep(lake, seen, 2 * PATIENCE) == {}
    assert position_spans(connect(lake), {2: 99}) == {2: PositionSpan(N, N, 1, N)}


def test_other_tools_read_the_files(lake: Lake) -> None:
    """Plain DuckDB reads a table by the SQL that we give, dates and maps included."""
    add(lake, entries())
    sql = sql_view(lake, "decisions")
    counted = duckdb.sql(f"SELECT context['device'], date, count(*) FROM ({sql}) GROUP BY ALL")  # noqa: S608
    assert sum(row[2] for row in counted.fetchall()) == 5
    plain = pq.read_table(next(lake.root.glob("decisions/*/*.parquet")), partitioning=None)
    assert plain.schema == SCHEMAS["decisions"]
    assert plain["u"][0].as_py() == 2**64 - 1


def test_the_documented_sql_reads_what_manifests_claim(lake: Lake) -> None:
    """docs/lake.md shows how to read by hand; following it gives the rows that exist."""
    add(lake, entries(), entries(partition=0))
    writer.write(lake.root, [Range(2, 0, N)], [entries()], SEALER.seal_each)
    text = (ROOT / "docs" / "lake.md").read_text(encoding="utf-8")
    view, query = text.split("```sql\n")[1].split("```")[0].split("\n\n")
    with duckdb.connect() as connection:
        for sql in (view, query):
            connection.execute(sql.replace("data/lake", str(lake.root)))
        assert connection.fetchall() == [("banner", "b", 2)]
