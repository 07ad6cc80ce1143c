"""Imports are taken back: tables, reports and evaluation are as if they had never been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from places import CONFIG
from rebuild_site import archive, differences, fold_all, learned, rebuild, rebuilding
from worker_site import Site

from bandits.units import DAY
from nudge import clock
from nudge.config.slot_file import load_slots
from nudge.domain.credit.earlier_import import EarlierImport
from nudge.domain.credit.log_import import ImportRules
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import (
    IMPORTED,
    Decision,
    Exposure,
    Record,
    Ref,
    Reward,
)
from nudge.domain.reports.questions import EVER, PerformanceQuestion
from nudge.domain.slots.slot import Variant
from nudge.errors import InvalidConfigError, InvalidRequestError, NotFoundError
from nudge.flows.folds.publish import Publisher
from nudge.flows.reports.evaluate import evaluate_log
from nudge.flows.reports.log_question import LogQuestion
from nudge.flows.reports.performance import Reports
from nudge.flows.upkeep.imports import import_undo
from nudge.flows.upkeep.imports.import_log import Importer, ImportResult, digest
from nudge.flows.upkeep.imports.import_undo import ImportUndo, UndoResult
from nudge.lake.engine.query import performance
from nudge.lake.evaluation.logs import open_log
from nudge.lake.files.expire import expire, plan
from nudge.lake.files.reader import Contents, Lake
from nudge.lake.intake.input_file import open_input
from nudge.store.folds.folds import Commit

BANNER = replace(
    load_slots(CONFIG / "slots")["banner"],
    revision=1,
    variants=(Variant("a", "a"), Variant("b", "b")),
    fallback={"default": "a"},
)
AT = clock.now() // DAY * DAY - 3 * DAY
DRAWN = ImportRules("banner", distribution={"a": 0.5, "b": 0.5})
TAUGHT = ImportRules("banner", teach_only=True)
YEAR_58874 = 1_795_734_600_000.0


@pytest.fixture(autouse=True)
def slot(site: Site) -> None:
    assert site.store.slots.put(BANNER, None)


def lines(count: int, begin: int = 0) -> list[str]:
    """Rows of a log: `b` converts half the time, and a row in three repeats another."""
    return [
        f"{'ab'[n % 2]},{int(n % 4 == 1)},{AT + n // 3 * 60},{n % 7}"
        for n in range(begin, begin + count)
    ]


def write(path: Path, rows: Sequence[str]) -> Path:
    path.write_text("\n".join(["variant,reward,at,subject", *rows]) + "\n")
    return path


def take(site: Site, path: Path, rules: ImportRules = DRAWN, name: str = "") -> ImportResult:
    key, now = b"k" * 32, clock.now()
    flow = Importer(site.store, rebuilding(site).history, key, now)
    return flow.run(open_input(path), rules, name or digest(path), lambda _: None)


def undo(site: Site, name: str) -> UndoResult:
    sealer = Sealer(site.settings.secret_key)
    return ImportUndo(site.store, rebuilding(site).history, sealer).run(name)


def folded(site: Site) -> dict[str, object]:
    """The counts that learn keeps, after all was folded and archived."""
    fold_all(site)
    archive(site)
    return counts(site)


def agreed(site: Site) -> dict[str, object]:
    """The same; a rebuild comes to the same bits, and verify finds nothing."""
    kept = folded(site)
    rebuild(site, "learn")
    assert counts(site) == kept
    # Once: what it would have found before the rebuild, of lake, visitors or counts, is still so.
    assert differences(site) == []
    return kept


def counts(site: Site) -> dict[str, object]:
    """Every total and bucket that is not zero."""
    return {name: value for name, value in learned(site).items() if value}


def lake(site: Site) -> Lake:
    return Lake(site.settings.lake_dir)


@pytest.mark.parametrize("rules", [DRAWN, TAUGHT], ids=["drawn", "taught"])
@pytest.mark.parametrize("archived", ["before", "between", "never"])
def test_f01_an_import_is_taken_back_whole(
    site: Site, tmp_path: Path, rules: ImportRules, archived: str
) -> None:
    """Whether its rows are in the lake or in the journal; then it can be imported again."""
    site.visit(range(30))
    before = folded(site)
    path = write(tmp_path / "old.csv", lines(900))
    assert take(site, path, rules).fresh == 900
    if archived == "before":
        archive(site)
    with_it = folded(site) if archived == "between" else None
    done = undo(site, digest(path))
    assert (done.slots, done.exposures) == (("banner",), 900)
    assert agreed(site) == before
    assert undo(site, digest(path)) == UndoResult(("banner",))
    assert folded(site) == before
    assert take(site, path, rules).fresh == 900
    again = folded(site)
    assert with_it is None or again == with_it
    assert take(site, path, rules).fresh == 0
    assert undo(site, digest(path)).exposures == 900
    assert agreed(site) == before


def reported(site: Site) -> tuple[int, str]:
    """Exposures of the report, and its last bucket of time."""
    reports = Reports(site.store, lake(site), site.settings.data_dir / "cache", 0.0)
    told: Any = reports.make(PerformanceQuestion("banner", EVER, ())).report
    buckets = told["allocation"]["buckets"]
    return sum(one["exposures"] for one in buckets), buckets[-1]["at"]


def test_f01_reports_and_evaluation_do_not_see_what_was_taken_back(
    site: Site, tmp_path: Path
) -> None:
    """Performance and evaluation are those of the rest, and of the rows that came in again."""
    kept = write(tmp_path / "kept.csv", lines(60, 10_000))
    path = write(tmp_path / "old.csv", lines(300))
    take(site, kept)
    archive(site)
    before = performance(lake(site), "banner")
    take(site, path)
    archive(site)
    assert sum(one.exposures for one in performance(lake(site), "banner")) == 360
    undo(site, digest(path))
    archive(site)
    assert performance(lake(site), "banner") == before
    log = open_log(lake(site).root, "banner")
    assert log.rows == 60
    assert evaluate_log(log, LogQuestion("uniform")).plain["n"] <= 60
    take(site, path)
    archive(site)
    assert open_log(lake(site).root, "banner").rows == 360
    undo(site, digest(path))
    undo(site, digest(kept))
    archive(site)
    with pytest.raises(InvalidConfigError, match="no decisions"):
        open_log(lake(site).root, "banner")


def test_f13_a_file_that_grew_brings_its_new_rows_alone(site: Site, tmp_path: Path) -> None:
    """Equal rows are counted, wherever they stand; what a file brought can be taken back alone."""
    first = write(tmp_path / "first.csv", lines(500) + lines(20))
    assert take(site, first).fresh == 520
    grown = write(tmp_path / "grown.csv", lines(1) + lines(7, 9_000) + lines(500)[::-1] + lines(20))
    done = take(site, grown)
    assert (done.rows, done.fresh, done.known) == (528, 8, 520)
    whole = folded(site)
    assert undo(site, digest(first)).exposures == 520
    assert sum(one.exposures for one in performance(lake(site), "banner")) == 528
    archive(site)
    assert sum(one.exposures for one in performance(lake(site), "banner")) == 8
    assert take(site, grown).fresh == 520
    assert agreed(site) == whole


@pytest.mark.parametrize("rules", [DRAWN, TAUGHT], ids=["drawn", "taught"])
def test_f01_a_taking_back_that_is_broken_off_goes_on(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: ImportRules
) -> None:
    """Whenever it is broken off, in the end all is taken back, once; an import waits for it."""
    monkeypatch.setattr(import_undo, "BLOCK", 1)
    before = folded(site)
    path = write(tmp_path / "old.csv", lines(600))
    take(site, path, rules)
    commit, refused = type(site.store.folds).commit, 0
    for limit in (0, 1, 5, 8, 17, 30, 60):
        left = iter(range(limit))

        def dying(*given: object, left: object = left) -> object:
            next(left)  # type: ignore[call-overload]
            return commit(*given)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(type(site.store.folds), "commit", dying)
            try:
                undo(site, digest(path))
                break
            except (StopIteration, RuntimeError):
                pass
        try:
            assert take(site, path, rules).fresh >= 0
        except InvalidRequestError:
            refused += 1
        if limit % 2 == 0:
            archive(site)
    assert refused
    undo(site, digest(path))
    assert agreed(site) == before


def test_an_unknown_import_is_said(site: Site) -> None:
    """With the cure."""
    with pytest.raises(NotFoundError, match="as it was imported, or its --name"):
        undo(site, "nothing")


def test_f13_an_id_names_a_row_whatever_became_of_it(site: Site, tmp_path: Path) -> None:
    """A row id may be a number with a gap in its column; a second row of the id is the first."""
    rules = replace(DRAWN, columns={"row_id": "subject"})
    first = write(tmp_path / "first.csv", [f"a,1,{AT},7", f"b,0,{AT},8.0", f"b,0,{AT},8"])
    done = take(site, first, rules)
    assert (done.fresh, done.known) == (2, 1)
    changed = write(tmp_path / "changed.csv", [f"b,0,{AT + 5},7.0", f"b,0,{AT},9", f"b,0,{AT},"])
    done = take(site, changed, rules)
    assert (done.fresh, done.known, done.refused) == (1, 1, 1)
    assert done.bad[0].problem.startswith("row_id is missing")


def earlier(site: Site, path: Path, at: float | None = None) -> None:
    """Import a file as the version before did: rows by their number, no mark beside them."""
    name, positions = digest(path), dict.fromkeys(site.store.keys.every_partition(), 0)
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    plan = Importer(site.store, rebuilding(site).history, b"", clock.now()).plan(DRAWN, name)
    home = EarlierImport(name, {}, len(positions), teach_only=False)
    waiting: dict[int, list[Record]] = {p: [] for p in positions}
    for number, (variant, reward, when, subject) in enumerate(rows, 1):
        p = home._partition(subject, number)
        row = {"variant": variant, "reward": reward, "at": when, "subject": subject}
        _, made = plan.records(plan.known(row), str(number).encode())
        waiting[p] += [moved(one, Ref(p, IMPORTED | number), at) for one in made]
        positions[p] = number
    for p, records in waiting.items():
        lease = site.store.folds.acquire(p, f"import-{name}", "old", 5.0)
        assert lease
        site.store.folds.commit(lease, Commit(positions[p], records))
        site.store.folds.release(lease)


def moved(record: Record, ref: Ref, at: float | None) -> Record:
    """The record under another reference, and at another time."""
    if isinstance(record, Decision):
        return replace(record, ref=ref, at=at or record.at)
    if isinstance(record, Exposure):
        return replace(record, decision=ref, at=at or record.at)
    assert isinstance(record, Reward)
    name = f"{ref.position:032x}"
    return replace(record, decision=ref, reward_id=name, exposed_at=at or record.exposed_at)


def test_f13_what_an_earlier_version_imported_is_known(site: Site, tmp_path: Path) -> None:
    """Its file again adds nothing; from then on its rows are known in a file that grew."""
    path = write(tmp_path / "old.csv", lines(400))
    earlier(site, path)
    whole = folded(site)
    more = write(tmp_path / "more.csv", [*lines(400), *lines(2, 8_000)])
    assert (take(site, more).fresh, undo(site, digest(more)).exposures) == (2, 2)
    done = take(site, path)
    assert (done.fresh, done.known) == (0, 400)
    assert folded(site) == whole
    grown = write(tmp_path / "grown.csv", [*lines(400), *lines(3, 9_000)])
    assert take(site, grown).fresh == 3
    assert undo(site, digest(grown)).exposures == 3
    assert agreed(site) == whole


@pytest.mark.parametrize("archived", [True, False])
def test_f01_an_impossible_time_of_an_earlier_version_is_taken_back(
    site: Site, tmp_path: Path, *, archived: bool
) -> None:
    """Verify names it; the slot publishes with it and without it; the file can come in again."""
    site.visit(range(40))
    before = folded(site)
    path = write(tmp_path / "old.csv", lines(50))
    earlier(site, path, YEAR_58874)
    fold_all(site)
    if archived:
        archive(site)
        found = differences(site)
        assert found
        assert all("import --undo" in one for one in found)
        assert reported(site) == (50 + len(range(40)), "9999-12-24T00:00:00+08:00")
    publisher = Publisher(site.store, "test", 30.0, 0.0)
    assert publisher.run(0.0) == ["banner"]
    assert undo(site, digest(path)).exposures == 50
    assert agreed(site) == before
    assert publisher.run(1.0) == ["banner"]
    assert take(site, path).fresh == 50


def removed(site: Site) -> None:
    """The lake removes all its rows, as if they were old."""
    unseal = Sealer(site.settings.secret_key).unseal
    for p in site.store.keys.every_partition():
        contents = Contents(lake(site).root, {p: lake(site).manifests(p)})
        parts = plan(contents.manifests[p], 10**9, "date=9999-01-01")
        if parts:
            assert expire(lake(site), contents.balance(p), parts, clock.now() + 30 * DAY, unseal)


def test_f13_rows_stay_known_when_the_lake_removed_them(site: Site, tmp_path: Path) -> None:
    """A file that grew brings its new rows alone; what was removed cannot be taken back."""
    path = write(tmp_path / "old.csv", lines(300))
    take(site, path)
    whole = folded(site)
    removed(site)
    grown = write(tmp_path / "grown.csv", lines(304))
    assert take(site, path).fresh == 0
    assert take(site, grown).fresh == 4
    with pytest.raises(InvalidRequestError, match="removed rows of it by age"):
        undo(site, digest(path))
    assert undo(site, digest(grown)).exposures == 4
    assert folded(site) == whole


def test_f01_what_was_taken_back_stays_so_when_the_lake_removed_it(
    site: Site, tmp_path: Path
) -> None:
    """Doing it again takes nothing, and the file can be imported and taken back once more."""
    site.visit(range(40))
    before = folded(site)
    path = write(tmp_path / "old.csv", lines(300))
    take(site, path)
    archive(site)
    undo(site, digest(path))
    assert folded(site) == before
    removed(site)
    assert undo(site, digest(path)).exposures == 0
    assert folded(site) == before
    assert take(site, path).fresh == 300
    archive(site)
    removed(site)
    archive(site)
    with pytest.raises(InvalidRequestError, match="removed rows of it by age"):
        undo(site, digest(path))
