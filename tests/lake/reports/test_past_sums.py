"""Sums of past days that were kept are grown by new days, and are never stale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lake_samples import MIDNIGHT
from report_traffic import DAY, SLOT, traffic, written

from nudge.domain.reports.cube import Cube
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.past_sums import PastSums
from nudge.lake.reports.slot_rows import slot_rows

FEW = 1200
"""Visits."""
LATER = MIDNIGHT + 3 * DAY
"""The first two days are final then."""
BY = (("day",), ("context.city_tier",))


def cubes(lake: Lake, cache: Path, cuts: tuple[tuple[str, ...], ...] = BY) -> list[Cube]:
    """The cubes by some dimensions, with what the directory keeps."""
    with engine(lake, EngineLimits(400_000_000), cache) as (backend, contents):
        rows = slot_rows(backend, contents, "banner", cache)
        return [build_cube(rows, Cut(by=by), SLOT.names) for by in cuts]


def totals(cube: Cube) -> dict[tuple[str, ...], Any]:
    """Each segment's sums, whatever the order of rows."""
    found = {}
    for number, segment in enumerate(cube.segments):
        groups = cube.groups.where(cube.groups.segment == number)
        place, crowd = groups.crowd()
        w = np.bincount(crowd.cluster, crowd.weight_value, 2048)
        draws = cube.draws.where(cube.draws.segment == number)
        masses = cube.masses.where(cube.masses.segment == number)
        exact = [getattr(groups, x).sum() for x in ("rows", "hits", "conversions", "value")]
        exact += [len(np.unique(place)), crowd.rows.sum(), draws.rows.sum(), masses.rows.sum()]
        real = [groups.weight.sum(), groups.square_square.sum(), *w, *masses.inverse.sum(axis=0)]
        found[segment] = ([int(x) for x in exact], [float(x) for x in real])
    return found


def same(one: Cube, other: Cube) -> None:
    """Two cubes have the same sums: counts to the last, floats but for their last bits."""
    left, right = totals(one), totals(other)
    assert left.keys() == right.keys()
    for segment, (exact, real) in left.items():
        assert exact[:4] + exact[5:] == right[segment][0][:4] + right[segment][0][5:]
        np.testing.assert_allclose(real, right[segment][1], rtol=1e-9, atol=1e-9)
    assert sorted(one.delays.delay) == sorted(other.delays.delay)
    assert one.allocation.rows.sum() == other.allocation.rows.sum()
    assert one.degraded.tolist() == other.degraded.tolist()


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days were summed up, each time that nothing could be grown."""
    counted: list[int] = []
    real: Callable[..., Any] = PastSums._whole

    def counting(self: PastSums, segments: Any) -> Any:
        counted.append(len(self.rows.names))
        return real(self, segments)

    monkeypatch.setattr(PastSums, "_whole", counting)
    return counted


def test_kept_sums_grow_by_the_days_that_are_new(tmp_path: Path, whole: list[int]) -> None:
    """One more final day is summed up alone, and the sums are those of both days at once.

    A value that occurs for the first time, as each day does, changes nothing of the days before.
    """
    records = traffic(0, FEW)
    cubes(written(tmp_path / "before", records), tmp_path / "kept")
    assert whole == [1] * len(BY)
    after = written(tmp_path / "after", records, LATER)
    grown = cubes(after, tmp_path / "kept")
    assert whole == [1] * len(BY)
    for one, other in zip(grown, cubes(after, tmp_path / "new"), strict=True):
        same(one, other)
    assert whole == [1] * len(BY) + [2] * len(BY)
    files = list((tmp_path / "kept" / "sums" / "banner").glob("*.sums"))
    assert len(files) == len(BY)  # what was grown is gone


def test_other_segments_than_those_kept_are_summed_up_anew(
    tmp_path: Path, whole: list[int]
) -> None:
    """Rows that were put together are told apart once other segments are the largest."""
    records = traffic(0, FEW)
    by = (("policy_version",),)
    cubes(written(tmp_path / "before", records), tmp_path / "kept", by)
    after = written(tmp_path / "after", records, LATER)
    (one,), (other,) = cubes(after, tmp_path / "kept", by), cubes(after, tmp_path / "new", by)
    same(one, other)
    assert len(one.segments) == 31
    assert whole[0] == 1


def test_a_file_that_is_cut_off_is_made_again(tmp_path: Path, whole: list[int]) -> None:
    """A cache that somebody damaged or emptied costs time, and no figure."""
    lake = written(tmp_path / "lake", traffic(0, FEW))
    (want,) = cubes(lake, tmp_path / "kept", ((),))
    (path,) = (tmp_path / "kept" / "sums" / "banner").glob("*.sums")
    path.write_bytes(path.read_bytes()[:1000])
    (found,) = cubes(lake, tmp_path / "kept", ((),))
    same(found, want)
    assert whole == [1, 1]
