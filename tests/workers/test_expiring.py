"""A lake whose oldest days are gone: verify agrees, and a rebuild comes to the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from child_processes import eventually
from day_traffic import DAY, SPAN, journal
from rebuild_site import differences, fold_all, learned, opened, rebuild, states
from site_copy import SiteCopy
from worker_site import Site

from nudge import clock
from nudge.cli.explain import _from_lake
from nudge.config.slot_file import parse_slot
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Decision, JournalEntry
from nudge.domain.reports.questions import PerformanceQuestion, Period
from nudge.errors import NotFoundError
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.reports.performance import Reports
from nudge.flows.upkeep import expire as expiring
from nudge.flows.upkeep.expire import Expiry
from nudge.lake.files.errors import DaysRemovedError
from nudge.lake.files.reader import Lake
from nudge.lake.files.sweep import sweep
from nudge.settings.settings import Settings
from nudge.store.folds.folds import Commit, Lease
from nudge.store.keeping import backup_file
from nudge.store.wire.codec import encode
from nudge.wiring.command import Installation
from nudge.wiring.stores import patient_store
from nudge.wiring.worker import Worker, loops_of
from nudge.workers.archive_loop import ArchiveLoop

TODAY = clock.now() // DAY * DAY
SLOT = {
    "slot": "banner",
    "on": "decision",
    "stickiness": {"period": "1d"},
    "variants": [{"name": name, "value": name} for name in "ab"],
    "reward": {"event": "paid", "objective": "conversion", "window": "18h"},
    "fallback": {"default": "a"},
}


@pytest.fixture(scope="module")
def entries() -> list[JournalEntry]:
    """Eighteen days of two partitions; the last one was yesterday."""
    return [one for p in (0, 1) for one in journal(TODAY - SPAN * DAY, p)]


@pytest.fixture(scope="module")
def made() -> list[SiteCopy]:
    """The copy of the site as the first test found it; empty before."""
    return []


@pytest.fixture
def site(
    settings: Settings,
    entries: list[JournalEntry],
    made: list[SiteCopy],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """All folded and archived; made for the first test, and copied for the others."""
    settings = replace(settings, partitions=2)
    site = Site(patient_store(settings), settings)
    if made:
        made[0].put(site)
    else:
        fill(site, entries)
        made.append(SiteCopy.of(site, tmp_path_factory.mktemp("copy")))
    yield site
    site.store.close()


def fill(site: Site, entries: list[JournalEntry]) -> None:
    """Put the entries into the journal, fold and archive them, a few hundred at a time."""
    for one in entries:
        place, stamp = site.store.keys.journal(one.partition), round(one.stamp * 1000)
        fields = ("t", stamp, "s", one.record.subject, "r", encode(one.record))
        site.store.client.call("XADD", place, f"{one.position}-0", *fields)
        site.store.client.call("SET", site.store.keys.seq(one.partition), one.position)
    for lease in leases(site, "attribute"):
        last = max(one.position for one in entries if one.partition == lease.partition)
        site.store.folds.release(site.store.folds.commit(lease, Commit(last)))
    fold_all(site, "learn", "monitor", "care", "segment")
    # It wrote its records with the stamps of that time: they are what it would write.
    assert [one.differences for one in rebuild(site, "attribute")] == [(), ()]
    archived(site)


def leases(site: Site, fold: str = FoldName.ARCHIVE) -> list[Lease]:
    every = site.store.keys.every_partition()
    found = [site.store.folds.acquire(p, fold, "test", 60) for p in every]
    return [lease for lease in found if lease is not None]


def archived(site: Site) -> None:
    seal, limits = Sealer(site.settings.secret_key).seal_each, ArchiveLimits(range=80, run=160)
    archive, held = ArchiveFold(site.store, lake(site), seal, limits), leases(site)
    while archive.due(0.0):
        held = archive.run(held)


def lake(site: Site) -> Lake:
    return Lake(site.settings.lake_dir)


def expired(site: Site, days: float) -> int:
    """Remove what is older; in how many steps. What is replaced is swept."""
    unseal = Sealer(site.settings.secret_key).unseal
    expire = Expiry(site.store, lake(site), unseal, days * DAY)
    steps = 0
    while expire.due(1e9) and expire.run(leases(site)):
        steps += 1
    sweep(lake(site), sweep(lake(site), {}, 0.0), 3601.0)
    return steps


def kept(site: Site) -> Any:
    """All that the folds keep."""
    return learned(site), learned(site, "offer"), states(site), opened(site)


def test_verify_and_rebuild_hold_where_days_are_gone(site: Site) -> None:
    """Cut once and again, nothing differs, and both folds come to the same bits from the rest."""
    before = kept(site)
    assert differences(site) == []
    for days in (9, 4):
        assert expired(site, days) > 0
        assert expired(site, days) == 0
        assert differences(site) == []
        done = rebuild(site)
        assert [one.differences for one in done] == [()] * len(done)
        assert kept(site) == before
        assert differences(site) == []
    for p in (0, 1):
        assert lake(site).balance(p).position > lake(site).last(p) / 2
        assert all(state for _, state in lake(site).balance(p).states())


def test_the_archive_worker_removes_days_in_spare_time(site: Site) -> None:
    """With the setting, journal and lake lose their old days while it runs; all still agrees."""
    before = kept(site)
    site.store.identity.recognise(site.settings.store_note)
    settings = replace(site.settings, lake_keep_days=9)
    worker = Worker(settings, site.store, "test", 5.0)
    (loop,) = loops_of(worker, ["archive"]).values()
    assert isinstance(loop, ArchiveLoop)

    def removed() -> bool:
        loop.turn()
        return all(lake(site).balance(p).position for p in (0, 1))

    assert eventually(removed, 60)
    assert len(site.records()) < sum(map(lake(site).last, (0, 1)))
    assert differences(site) == []
    rebuild(site)
    assert kept(site) == before


def test_what_the_folds_hold_is_still_checked(site: Site) -> None:
    """One count, or one visitor's last amount, that the removed days do not explain is named."""
    expired(site, 4)
    generation = site.store.folds.generation_of(0, "learn")
    totals = site.store.keys.totals(0, "banner", generation)
    site.store.client.call("HINCRBY", totals, "1|policy|a|t", 1)
    found = differences(site)
    assert [line.split(":")[0] for line in found] == [
        "p=0 totals of banner 1|policy|a|t",
        "p=0 counts in buckets of banner 1|policy|a|t",
    ]
    next((site.settings.lake_dir / "balances" / "p=0").glob("*-sums.parquet")).unlink()
    assert "not a readable balance" in differences(site)[0]


def test_after_a_restore_the_folds_come_back(site: Site, tmp_path: Path) -> None:
    """The store is lost and restored, the lake's old days are gone: nothing is missing."""
    before = kept(site)
    expired(site, 4)
    path, _ = backup_file.write(tmp_path, site.store.backup.frames())
    for key in list(site.store.client.scan(f"{site.store.keys.namespace}:*")):
        site.store.client.call("DEL", key)
    site.store.backup.restore(backup_file.read(path), lake(site).last)
    rebuild(site)
    assert kept(site) == before
    assert differences(site) == []


def test_a_fold_that_stands_in_removed_days_is_not_rebuilt(site: Site) -> None:
    """A store that is older than what was removed: it is refused, and what is in use stays."""
    expired(site, 4)
    before = kept(site)
    for name in ("learn", "attribute"):
        site.store.client.call("HSET", site.store.keys.fold(1, name), "position", 5)
        with pytest.raises(DaysRemovedError, match="stands at 5"):
            rebuild(site, name)
    assert kept(site) == before
    assert "p=1 position of learn: expected at or behind" in "\n".join(differences(site))


def test_nothing_goes_that_must_stay(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes without the setting, by a clock that jumped, or that a fold has not read."""
    assert expired(site, 0) == 0
    with monkeypatch.context() as patch:
        patch.setattr(expiring.clock, "now", lambda: TODAY + 9000 * DAY)
        assert expired(site, 60) > 0
    since = lake(site).contents().since()
    assert since is not None
    assert since < TODAY - 80 * DAY
    site.store.client.call(
        "HSET", site.store.keys.fold(0, "learn"), "position", lake(site).last(0) // 2
    )
    expired(site, 1)
    assert lake(site).balance(0).position <= lake(site).last(0) // 2
    assert lake(site).balance(1).position > lake(site).last(1) // 2


def test_a_decision_that_is_gone_is_told_so(site: Site, entries: list[JournalEntry]) -> None:
    """A caller who asks why is told since when the lake has decisions, not that there was none."""
    sealer = Sealer(site.settings.secret_key)
    first = next(one for one in entries if isinstance(one.record, Decision))
    store, missing = Installation(site.settings, site.store), NotFoundError("unknown")
    calendar = OperatorCalendar()
    found = _from_lake(store, sealer.seal(first.ref), calendar, missing)
    assert found["reproduced"] in {True, False}
    expired(site, 4)
    with pytest.raises(NotFoundError, match="the lake begins at"):
        _from_lake(store, sealer.seal(first.ref), calendar, missing)


def test_reports_say_since_when(site: Site, tmp_path: Path) -> None:
    """Days that are gone are in no figure, kept days of reports included; `lake.from` says so."""
    slot = parse_slot(SLOT, "test")
    assert site.store.slots.put(slot, None)
    reports = Reports(site.store, lake(site), tmp_path / "cache", 0.0)
    question = PerformanceQuestion("banner", Period(), ("day",))
    before: Any = reports.make(question).report
    assert before["lake"] == {"from": None}
    expired(site, 4)
    after: Any = reports.make(question).report
    since = lake(site).contents().since()
    assert after["lake"] == {"from": question.calendar.label_or_none(since)}
    days = [{one["segment"]["day"]: one for one in found["segments"]} for found in (before, after)]
    first = question.calendar.label(since or 0.0)[:10]
    for day, one in days[0].items():
        if day > first:
            assert days[1][day]["exposures"] == one["exposures"]
    gone = [sum(one["exposures"] for d, one in part.items() if d < first) for part in days]
    assert gone[1] < gone[0]
    assert after["whole"]["exposures"] < before["whole"]["exposures"]


def test_the_lake_stays_at_least_as_long_as_the_journal(settings: Settings) -> None:
    """A day is the least that can be written, and the journal's days are what stays then."""
    assert settings.lake_keep == 0
    assert replace(settings, lake_keep_days=1).lake_keep == settings.journal_keep
    assert replace(settings, lake_keep_days=400).lake_keep == 400 * DAY
