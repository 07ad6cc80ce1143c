"""Files of an earlier version are read as if the columns that they lack were empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from lake_samples import SEALER
from old_files import DUE, EACH, FLOOR, RUNS, written

from nudge.domain.journal.records import Decision, JournalEntry
from nudge.lake.engine.query import answer, connect
from nudge.lake.files import compact
from nudge.lake.files.reader import Lake

OLD = ({0, 1}, {2, 3}, {0, 2}, {1, 3}, {0, 1, 2, 3}, set[int]())


def asked(lake: Lake, entries: list[JournalEntry]) -> None:
    """Restoring and DuckDB tell of every row what was written."""
    assert list(lake.entries(2, SEALER.unseal)) == entries
    rows = connect(lake).table("decisions")
    found = answer(connect(lake), rows.filter(rows.partition == 2).order_by("position"))
    dues = [e.record.due for e in entries if isinstance(e.record, Decision)]
    assert [row["due_seconds"] for row in found] == dues
    assert {row["twin"] for row in found} == {None}
    assert [row["floor"] for row in found] == [None if due is None else FLOOR for due in dues]
    assert sum(due == DUE for due in dues) == len(dues) - dues.count(None)


@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("claimed", [True, False])
def test_a_column_that_a_file_lacks_is_null_and_no_other_is(
    tmp_path: Path, old: set[int], *, claimed: bool
) -> None:
    """Whichever of the files comes first, and whether all or some of its rows count."""
    lake = Lake(tmp_path)
    entries = written(lake, old=old, claimed=claimed)
    assert len(entries) == RUNS * EACH
    asked(lake, entries)
    full = [source.full for source in lake.tables()["decisions"]]
    assert full.count(False) == len(old)


def test_a_merge_brings_them_up_to_date(tmp_path: Path) -> None:
    """The merged file has every column, and is read without a look at others."""
    lake = Lake(tmp_path)
    entries = written(lake, old={0, 2}, claimed=True)
    ends = {p: lake.last(p) for p in lake.partitions()}
    limits = compact.CompactionLimits(rows=1000, many=2)
    (work,) = compact.plan(lake.contents(), ends, "date=9999-01-01", limits)
    compact.merge(lake.root, work)
    asked(lake, entries)
    assert [source.full for source in lake.tables()["decisions"]] == [True]
