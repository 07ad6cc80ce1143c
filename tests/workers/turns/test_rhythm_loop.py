"""The rhythm of recharges is fitted to the lake, applied where it is news, and followed by all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from lake_samples import SEALER
from worker_site import Site

from bandits.units import DAY
from nudge import clock
from nudge.config.documents.configuration import Configuration
from nudge.config.documents.rhythm_file import FILE, parse_rhythm, rhythm_text
from nudge.config.table_file import parse_text
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.rhythm import Rhythm
from nudge.flows.upkeep.setup.rhythm_publication import is_news, publish_rhythm
from nudge.lake.engine.engines import named_engine
from nudge.lake.experience.recharge_days import recharge_days
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.rhythm_loop import RhythmLoop

NOW = 1_790_035_200.0
LATER = 120.0 * DAY
RHYTHM = Rhythm(4, 3.0, 22.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.5)


def payments(people: int) -> Iterator[Event]:
    """Yield the payments of people who recharge about monthly; some leave."""
    rng = np.random.default_rng(4)
    for person in range(people):
        subject = f"{int(rng.integers(2**32)):08x}" * 4
        now, leaves = NOW + rng.uniform(0.0, 30.0) * DAY, NOW + rng.exponential(200.0) * DAY
        number = 0
        while now < min(NOW + LATER - DAY, leaves):
            number += 1
            fields = {"amount": 50}
            yield Event(subject, f"{person}-{number}", "paid", "server", None, fields, at=now)
            now += rng.gamma(4.0, 7.0) * DAY


def write(lake: Lake, events: list[Event]) -> None:
    """Write events as the lake of partition 0."""
    rows = [JournalEntry(0, n, NOW + LATER, one) for n, one in enumerate(events, 1)]
    of = Range(0, 0, len(rows))
    files = writer.write(lake.root, [of], [rows], SEALER.seal_each)
    manifest.write(lake.root, Manifest(of, files[0], NOW + LATER))


def days_of(site: Site, most: int = 20_000) -> list[tuple[str, str]]:
    """Return visitors and days as the lake has them."""
    lake, spill = Lake(site.settings.lake_dir), site.settings.data_dir
    with named_engine(lake, site.settings.lake_engine, spill) as (backend, _):
        return recharge_days(backend, OperatorCalendar(), most)


def test_a_rhythm_is_applied_once_and_followed(site: Site) -> None:
    """The lake's payments make a document; the same lake again is no news."""
    write(Lake(site.settings.lake_dir), list(payments(300)))
    found = publish_rhythm(site.store, site.settings, NOW + LATER)
    assert found is not None
    assert found.people >= 270
    assert found.regularity in {3, 4, 6}
    assert 50.0 < found.half_life < 400.0
    current = site.store.documents.current()
    assert Configuration(site.settings, current).rhythm == found
    [entry] = site.store.documents.audits(FILE)
    assert (entry["who"], entry["action"]) == ("nudge work", "create")
    assert publish_rhythm(site.store, site.settings, NOW + LATER) is None
    assert site.store.documents.current() == current


def test_days_are_of_visitors_and_of_payments_that_stand(site: Site) -> None:
    """One day counts once, a claim and what was taken back not at all; two ids are one visitor."""
    first, second, other = ("1" * 32, "2" * 32, "3" * 32)

    def paid(subject: str, name: str, days: float, source: str = "server") -> Event:
        fields = {"amount": 50}
        return Event(subject, name, "paid", source, None, fields, at=NOW + days * DAY)  # type: ignore[arg-type] # a word

    into = {"into": first, "partition": 0}
    back = {"refund_of": "gone"}
    events = [
        *(paid(first, "a", 0), paid(first, "b", 0.1), paid(second, "c", 5)),
        *(paid(other, "claim", 3, "page"), paid(other, "gone", 4), paid(other, "d", 9)),
        Event(other, "r", "refunded", "server", None, back, at=NOW + 5 * DAY),
        Event(second, "i", "identified", "server", None, into, at=NOW + 6 * DAY),
    ]
    write(Lake(site.settings.lake_dir), events)
    found = days_of(site)
    assert [visitor[0] for visitor, _ in found] == ["1", "1", "3"]
    assert found[0][1] < found[1][1]


def test_a_sample_is_the_same_each_time(site: Site) -> None:
    """Of many people about so many are taken, each with all days."""
    write(Lake(site.settings.lake_dir), list(payments(300)))
    whole, some = days_of(site), days_of(site, 100)
    taken = {visitor for visitor, _ in some}
    assert 60 <= len(taken) <= 140
    assert some == [one for one in whole if one[0] in taken]


def test_an_empty_lake_has_no_rhythm(site: Site) -> None:
    """Nothing is written while there is nothing to fit."""
    Lake(site.settings.lake_dir).root.mkdir(parents=True, exist_ok=True)
    assert publish_rhythm(site.store, site.settings, NOW) is None
    assert site.store.documents.current() == {}


def test_the_loop_waits_for_its_time_and_its_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first fit comes after ten minutes, the next a day later; two workers share one turn."""
    passed = [0.0]
    monkeypatch.setattr(clock, "monotonic", _moved(clock.monotonic(), passed))
    write(Lake(site.settings.lake_dir), list(payments(300)))
    check = StoreCheck(site.store, site.settings.store_note)
    one, two = (RhythmLoop(site.store, site.settings, name, 60.0, check) for name in ("a", "b"))
    assert not one.turn()
    passed[0] = 601.0
    assert one.turn()
    assert not two.turn()  # it is the other's turn
    site.store.documents.client.call("FLUSHALL")
    assert not one.turn()
    passed[0] += DAY
    assert one.turn()


def _moved(begin: float, passed: list[float]) -> Callable[[], float]:
    return lambda: begin + passed[0]


def test_a_rhythm_survives_its_file() -> None:
    """Parameters that are written are read again to the bit."""
    assert parse_rhythm(parse_text(rhythm_text(RHYTHM), FILE), FILE) == RHYTHM


def test_small_changes_are_no_news() -> None:
    """Dates that plans hang on do not move daily; a twentieth more is told."""
    assert not is_news(RHYTHM, RHYTHM)
    assert not is_news(RHYTHM, replace(RHYTHM, rate_scale=23.0, people=1_100))
    assert is_news(RHYTHM, replace(RHYTHM, rate_scale=25.0))
    assert is_news(RHYTHM, replace(RHYTHM, regularity=6))
    assert is_news(RHYTHM, replace(RHYTHM, leaving_shape=1e-4))
