"""Quarantines in the lake: what one covers is in no sum, and kept sums of other days stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from lake_samples import MIDNIGHT
from quarantine_samples import quarantine_of
from report_traffic import DAY, NOW, SLOT, traffic, written

from bandits.units import HOUR
from nudge.domain.alarms.quarantine import Quarantine, QuarantineAction, QuarantineNote
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.questions import EVER
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.engine.outages import parse_quarantines
from nudge.lake.engine.query import answer, connect, joined_form
from nudge.lake.evaluation.cells import CellRows
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.past_sums import PastSums
from nudge.lake.reports.slot_rows import SlotRows, slot_rows

FEW = 300
T = TypeVar("T")
LATER = MIDNIGHT + 3 * DAY
"""The first two days are final then."""
FIRST = quarantine_of(MIDNIGHT + HOUR, MIDNIGHT + 5 * HOUR)
LAST = quarantine_of(MIDNIGHT + 2 * DAY + HOUR, MIDNIGHT + 2 * DAY + 9 * HOUR)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return written(tmp_path_factory.mktemp("quarantined") / "lake", traffic(0, FEW), LATER)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the other tests share: its days are joined once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days were summed up, each time that nothing kept could be used."""
    counted: list[int] = []
    real: Callable[..., Any] = PastSums._whole

    def counting(self: PastSums, segments: Any) -> Any:
        counted.append(len(self.rows.names))
        return real(self, segments)

    monkeypatch.setattr(PastSums, "_whole", counting)
    return counted


def cube(lake: Lake, cache: Path, quarantines: Sequence[Quarantine] = ()) -> Cube:
    """The cube of what counts."""
    return with_rows(lake, cache, quarantines, lambda rows: build_cube(rows, Cut(), SLOT.names))


def with_rows(
    lake: Lake, cache: Path, quarantines: Sequence[Quarantine], ask: Callable[[SlotRows], T]
) -> T:
    with engine(lake, EngineLimits(400_000_000), cache) as (backend, contents):
        return ask(slot_rows(backend, contents, "banner", cache).without(quarantines))


def exposures(found: Cube) -> int:
    return int(found.groups.total("rows"))


def test_kept_sums_hold_no_row_of_a_quarantine_and_fit_again_after_its_release(
    lake: Lake, tmp_path: Path, whole: list[int]
) -> None:
    """A past day is summed up anew while it is quarantined; its release costs nothing.

    Nor does a quarantine of today.
    """
    before = cube(lake, tmp_path)
    during = cube(lake, tmp_path, [FIRST])
    assert whole == [2, 2]
    assert exposures(during) == exposures(before) - during.quarantined
    assert during.quarantined > 0
    after = cube(lake, tmp_path)
    assert whole == [2, 2]
    assert exposures(after) == exposures(before)
    assert after.quarantined == 0
    np.testing.assert_array_equal(np.sort(after.groups.weight), np.sort(before.groups.weight))
    # An outage of today that goes on, and is extended again and again, concerns no past day.
    for hours in (1, 2):
        found = cube(lake, tmp_path, [replace(LAST, end=LAST.end + hours * HOUR)])
        assert exposures(found) == exposures(before) - found.quarantined
    assert whole == [2, 2]


def test_a_channel_s_quarantine_takes_that_channel_alone(lake: Lake, cache: Path) -> None:
    """Exposures of the other channels in the same hours count on."""
    one = quarantine_of(FIRST.start, FIRST.end, "web")
    by = Cut(by=("channel",))
    found = with_rows(lake, cache, [one], lambda rows: build_cube(rows, by, SLOT.names))
    every = with_rows(lake, cache, [], lambda rows: build_cube(rows, by, SLOT.names))
    for values in every.segments:
        numbers = [
            int(one.groups.where(one.groups.segment == one.segments.index(values)).total("rows"))
            for one in (found, every)
        ]
        taken = found.quarantined if values == ("web",) else 0
        assert numbers[0] == numbers[1] - taken
    assert found.quarantined > 0


def test_an_evaluation_tells_what_a_quarantine_leaves_out(lake: Lake, cache: Path) -> None:
    """It is missing in the sums, and counted under its own reason and no other."""

    def ask(rows: SlotRows) -> tuple[int, dict[str, int]]:
        cells = CellRows(rows, EVER, revenue=False)
        return sum(cells.cells().column("rows").to_pylist()), cells.left_out()

    used, told = with_rows(lake, cache, [], ask)
    left, told_beside = with_rows(lake, cache, [FIRST], ask)
    taken = told_beside.pop("quarantined")
    assert left == used - taken < used
    assert told_beside == told


def test_the_joined_form_says_which_exposures_lie_in_a_quarantine(lake: Lake) -> None:
    """Every exposure of the interval, and no decision that was not exposed."""
    rows = answer(connect(lake), joined_form(connect(lake), "banner", [FIRST]))
    for row in rows:
        at = row["exposed_at"] and row["exposed_at"].replace(tzinfo=UTC).timestamp()
        assert row["quarantined"] == (at is not None and FIRST.start <= at < FIRST.end)
    assert any(row["quarantined"] for row in rows)


def test_the_highest_revision_of_a_mark_is_true() -> None:
    """Marks may come twice and in any order: a process that died wrote one again."""
    note = QuarantineNote("ann", NOW)
    released = FIRST.closed(QuarantineAction.RELEASE, note)
    texts = [json.dumps(dict(one.mark.fields)) for one in (FIRST, LAST, released, FIRST)]
    assert parse_quarantines(texts) == (LAST,)
    assert parse_quarantines(texts[:2]) == tuple(sorted((FIRST, LAST), key=lambda q: q.id))


def test_reports_read_the_quarantines_from_the_lake_s_own_marks(tmp_path: Path) -> None:
    """The lake's files alone tell the outages: no store is asked."""
    note = QuarantineNote("ann", NOW)
    again = LAST.closed(QuarantineAction.RELEASE, note)
    marks = [(LATER - 1.0, 0, one.mark) for one in (FIRST, LAST, again)]
    lake = written(tmp_path / "lake", [*traffic(0, FEW), *marks], LATER)
    with engine(lake, EngineLimits(400_000_000), tmp_path / "cache") as (backend, contents):
        rows = slot_rows(backend, contents, "banner", tmp_path / "cache")
        assert rows.quarantines == (FIRST,)
        assert build_cube(rows, Cut(), SLOT.names).quarantined > 0
