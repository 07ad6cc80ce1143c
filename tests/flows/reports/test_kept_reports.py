"""Reports and advice are made once, and made anew as soon as anything of them may have changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from report_traffic import NOW, SLOT, traffic, written

from nudge.domain.journal.records import Reward
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.questions import PerformanceQuestion, Period
from nudge.domain.slots.slot import Slot, SlotAttribute
from nudge.flows.reports import performance
from nudge.flows.reports.performance import Reports
from nudge.lake.files.reader import Lake
from nudge.lake.reports import cubes

PERSONAL = replace(SLOT, context=(SlotAttribute("stage", "category", ("growth", "stable")),))
FEW = 1500
"""Visits."""
ASKED = PerformanceQuestion("banner", by=("page",))


def store_of(slot: Slot = PERSONAL) -> Any:
    """A store as a report reads it: a slot, its earlier revisions, and how far the lake is."""
    now, before = {slot.name: slot}, dict[int, Slot]()
    slots = SimpleNamespace(
        now=now,
        before=before,
        current=lambda: dict(now),
        revision=lambda _, number: before.get(number),
        audits=lambda _: [],
    )
    read = SimpleNamespace(as_of=lambda _: NOW)
    return SimpleNamespace(slots=slots, freshness=SimpleNamespace(read=lambda: read))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return written(tmp_path_factory.mktemp("kept") / "lake", traffic(0, FEW))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare for two questions, not for a dozen."""
    monkeypatch.setattr(performance, "usual", lambda *_: [(), ("page",)])


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The dimensions of each cube that was built."""
    found: list[tuple[str, ...]] = []
    real = cubes.build_cube

    def counting(rows: Any, cut: Any, names: Any) -> Cube:
        found.append(cut.by)
        return real(rows, cut, names)

    monkeypatch.setattr(performance, "build_cube", counting)
    return found


def test_a_prepared_report_is_that_of_an_empty_cache(
    lake: Lake, tmp_path: Path, built: list[tuple[str, ...]]
) -> None:
    """Sums and advice that were made ahead are not made again, and change nothing."""
    worker = Reports(store_of(), lake, tmp_path / "kept", 0.0)
    worker.keep()
    built.clear()
    found = worker.make(ASKED).report
    assert built == [("page",)]
    assert worker.make(ASKED).report == found
    assert built == [("page",)]
    anew = Reports(store_of(), lake, tmp_path / "new", 0.0).make(ASKED).report
    assert rounded(anew) == rounded(found)
    assert len(built) == 4  # the report's, and channel and stage for its advice


def test_what_a_report_is_made_from_makes_it_anew(
    lake: Lake, tmp_path: Path, built: list[tuple[str, ...]]
) -> None:
    """Another slot, another share of a revision, or a period are other reports."""
    store = store_of()
    worker = Reports(store, lake, tmp_path, 0.0)
    first: Any = worker.make(ASKED).report
    built.clear()
    store.slots.before[1] = replace(PERSONAL, revision=1, holdout=0.5)
    other: Any = worker.make(ASKED).report
    assert built == [("page",)]
    assert rounded(other["whole"]["lift"]) != rounded(first["whole"]["lift"])
    store.slots.now["banner"] = replace(PERSONAL, revision=3)
    assert worker.make(ASKED).report["revision"] == 3
    built.clear()
    for asked in (replace(ASKED, period=Period(None, NOW - 3600.0)), replace(ASKED, by=())):
        worker.make(asked)
    # A period has its own advice; by what the report is divided changes none.
    assert built == [("page",), ("channel",), ("context.stage",), ()]


def test_rewards_that_come_late_are_in_the_next_report(tmp_path: Path) -> None:
    """A refund of a day that is final, whose sums are kept, is in the next report."""
    records = traffic(0, FEW)
    store = store_of()
    worker = Reports(store, written(tmp_path / "before", records), tmp_path / "kept", 0.0)
    before: Any = worker.make(ASKED).report
    made = [(p, x) for _, p, x in records if isinstance(x, Reward) and x.conversions == 1]
    old = [(p, x) for p, x in made if x.at < NOW - 40 * 3600.0][::3]
    back = [
        (NOW - 60.0 + n / 1000, p, replace(x, reward_id=f"back-{n}", conversions=-1, at=NOW - 61.0))
        for n, (p, x) in enumerate(old)
    ]
    more = written(tmp_path / "after", sorted([*records, *back], key=lambda one: one[0]))
    after: Any = replace(worker, lake=more).make(ASKED).report
    fewer = before["whole"]["conversions"] - after["whole"]["conversions"]
    drawn = [x for _, x in old if x.reason == "policy"]
    assert fewer == len(drawn) > 10
    anew = Reports(store, more, tmp_path / "new", 0.0).make(ASKED).report
    assert rounded(anew) == rounded(after)


def rounded(value: Any) -> Any:
    """JSON with 9 digits of each number, and lists for tuples."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return f"{value:.9g}" if isinstance(value, float) else value
