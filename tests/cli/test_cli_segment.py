"""The commands `nudge segment list | show | offers | export`, on a real store."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from places import shipped_slots

from nudge import cli as entry
from nudge.clock import now
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.slots.slot import Slot
from nudge.errors import NotFoundError
from nudge.flows.folds.segment import SegmentFold
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.command import open_installation


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ("segment", *words), env=settings.to_environ())


def told(settings: Settings, *words: str) -> Any:
    found = run(settings, *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store in which three visitors have paid much."""
    with open_installation(settings) as installation:
        store, book = installation.store, installation.configuration.segment_book
        fold = SegmentFold(store, lambda: book)
        rows = [
            JournalEntry(
                0,
                number,
                now(),
                Event(f"{number:032x}", "p", "paid", "server", fields={"amount": 300}),
            )
            for number in (1, 2, 3)
        ]
        lease = store.folds.seize(0, fold.name, "test", 60.0)
        store.folds.commit(lease, fold.handle(0, fold.prepare(0), rows)[1])
        store.folds.release(lease)
        yield store


@pytest.mark.usefixtures("store")
def test_segments_are_listed_and_shown_with_their_days(settings: Settings) -> None:
    """The list has the members of now, and the last day the same number."""
    found = {one["segment"]: one["count"] for one in told(settings, "list")["segments"]}
    assert found["tier.high"] == 3
    assert [one["count"] for one in told(settings, "show", "high", "--days", "2")["days"]] == [0, 3]
    assert "tier.high" in run(settings, "list").stdout
    assert "joined" in run(settings, "show", "tier.high").stdout


@pytest.mark.usefixtures("store")
def test_members_are_exported_as_csv_and_parquet(settings: Settings, tmp_path: Path) -> None:
    """Both files have every member with since and reason, and appear when they are whole."""
    for name in ("m.csv", "m.parquet"):
        assert told(settings, "export", "tier.high", "--out", str(tmp_path / name))["members"] == 3
    rows = list(csv.DictReader((tmp_path / "m.csv").open(encoding="utf-8")))
    assert rows == pq.read_table(tmp_path / "m.parquet").to_pylist()
    assert {json.loads(one["because"])["usual_amount"] for one in rows} == {300}
    assert sorted(one["subject"] for one in rows) == [f"{n:032x}" for n in (1, 2, 3)]
    assert {path.name for path in tmp_path.glob("m.*")} == {"m.csv", "m.parquet"}


def test_offers_are_told_as_a_table_and_as_csv(
    store: Store, settings: Settings, shipped: Slot, tmp_path: Path
) -> None:
    """Each offer has a row for each channel; an empty lake brings no figures."""
    assert store.slots.put(shipped, None)
    rows = told(settings, "offers", "stage.growth")["offers"]
    assert [one["variant"] for one in rows] == list(shipped.names)
    assert run(settings, "offers", "stage.growth").exit_code == 0
    path = tmp_path / "offers.csv"
    assert run(settings, "offers", "stage.growth", "--out", str(path)).exit_code == 0
    lines = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert len(lines) == sum(len(one["channels"]) for one in rows)


@pytest.fixture
def shipped() -> Slot:
    """The slot of promotions as it ships."""
    return shipped_slots()["banner"]


def test_an_unknown_segment_is_named_with_those_that_exist(settings: Settings) -> None:
    """The error about an unknown segment is one line, with the names that exist."""
    found = run(settings, "show", "rich")
    assert isinstance(found.exception, NotFoundError)
    assert "tier.high" in str(found.exception)


@pytest.mark.usefixtures("store")
def test_a_table_of_offers_that_cannot_be_written_tells_the_cure(
    settings: Settings, tmp_path: Path
) -> None:
    """A place that takes no file is refused by the option's name, and nothing is left behind."""
    file = tmp_path / "file"
    file.write_text("", "utf-8")
    found = run(settings, "offers", "tier.high", "--out", str(file / "offers.csv"))
    assert found.exit_code == 2
    assert "--out" in found.output
    assert "cannot be written" in found.output
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["file"]
