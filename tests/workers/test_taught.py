"""Logs without propensities: counted by `learn`, in no evaluation, exactly once, rebuilt alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from places import CONFIG
from rebuild_site import archive, fold_all, learned, rebuild, rebuilding
from worker_site import Site

from bandits.units import DAY
from nudge import clock
from nudge.config.import_file import load_rules
from nudge.config.slot_file import load_slots
from nudge.domain.credit.count_import import BLOCK
from nudge.domain.credit.log_import import ImportRules
from nudge.domain.journal.records import Mark
from nudge.domain.slots.slot import Slot, Variant
from nudge.errors import InvalidConfigError
from nudge.flows.folds.publish import Publisher
from nudge.flows.reports.evaluate import evaluate_log
from nudge.flows.reports.log_question import LogQuestion
from nudge.flows.upkeep.imports.import_log import Importer, ImportResult
from nudge.flows.upkeep.verification.verify import verify
from nudge.lake.engine.query import performance
from nudge.lake.evaluation.logs import open_log
from nudge.lake.files.reader import Lake
from nudge.lake.intake.input_file import open_input
from nudge.store.service.catalogue import Catalogue

SHIPPED = load_slots(CONFIG / "slots")["banner"]
BANNER = replace(
    SHIPPED,
    revision=1,
    variants=(Variant("a", "a"), Variant("b", "b")),
    fallback={"default": "a"},
)
AT = clock.now() // DAY * DAY - 3 * DAY
"""Lately: what is years old is forgotten."""
RULES = ImportRules("banner", teach_only=True)


def log(directory: Path, rows: int) -> Path:
    """`b` converts half the time, `a` a twentieth; some rows were not drawn by the policy."""
    lines = ["variant,reward,at,reason"]
    for number in range(rows):
        variant, at = "ab"[number % 2], AT + number * 60
        reward = number // 2 % (2 if variant == "b" else 20) == 0
        lines.append(f"{variant},{int(reward)},{at},{'holdout' if number % 10 == 9 else ''}")
    path = directory / "old.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def take(site: Site, path: Path, rules: ImportRules = RULES, rows: int = 10**9) -> ImportResult:
    """Import a file, up to a row."""
    source, left = open_input(path), iter(range(source_rows(path) + rows))
    return importer(site).run(source, rules, "old", lambda n: [next(left) for _ in range(n)])


def source_rows(path: Path) -> int:
    """Rows of the file, each of which is looked through before any is written."""
    return path.read_text().count("\n") - 1


def importer(site: Site) -> Importer:
    return Importer(site.store, rebuilding(site).history, b"k" * 32, clock.now())


@pytest.fixture
def slot(site: Site) -> Slot:
    assert site.store.slots.put(BANNER, None)
    return BANNER


def sums(site: Site) -> dict[str, tuple[int, int]]:
    """Variant -> trials and conversions in all buckets."""
    found = dict.fromkeys("ab", (0, 0))
    for p in site.store.keys.every_partition():
        for block in site.store.counts.blocks(p, "banner"):
            for row in site.store.counts.read_block(p, "banner", block):
                trials, conversions = found[row.variant]
                found[row.variant] = (trials + row.tally[0], conversions + row.tally[1])
    return found


@pytest.mark.usefixtures("slot")
def test_it_teaches_and_is_never_evaluated(site: Site, tmp_path: Path) -> None:
    """Buckets and the served policy have it; performance, decisions and the joined form do not."""
    done = take(site, log(tmp_path, 2000))
    assert done.fresh == done.rows == 2000
    fold_all(site)
    assert sums(site) == {"a": (1000, 50), "b": (800, 400)}
    archive(site)
    lake = Lake(site.settings.lake_dir)
    assert performance(lake, "banner") == []
    with pytest.raises(InvalidConfigError, match="no decisions"):
        evaluate_log(open_log(lake.root, "banner"), LogQuestion("uniform"))
    totals = site.store.counts.totals("banner")
    assert {one.reason for one in totals} == {"imported"}
    assert sum(one.trials for one in totals) == 1800
    publisher = Publisher(site.store, "test", 30.0, 5.0)
    assert publisher.run(0.0) == ["banner"]
    served = site.store.catalogue.refresh(Catalogue.empty()).slots["banner"]
    assert served.policy.meta["allocation"]["b"] > 0.9
    assert verify(site.store, lake) == []


@pytest.mark.usefixtures("slot")
def test_a_broken_off_import_counts_each_row_once(site: Site, tmp_path: Path) -> None:
    """Whenever it is broken off; done, the same again writes nothing."""
    path = log(tmp_path, 10 * BLOCK + 7)
    for rows in (BLOCK + 3, 7 * BLOCK):
        with pytest.raises((StopIteration, RuntimeError)):
            take(site, path, rows=rows)
    take(site, path)
    fold_all(site)
    assert sum(trials for trials, _ in sums(site).values()) == 1807
    assert take(site, path).records == 0


@pytest.mark.usefixtures("slot")
def test_a_rebuild_comes_to_the_same_counts(site: Site, tmp_path: Path) -> None:
    """From the lake and from the journal's tail."""
    take(site, log(tmp_path, 900))
    archive(site)
    fold_all(site)
    before = learned(site)
    rebuild(site, "learn")
    assert learned(site) == before
    assert verify(site.store, Lake(site.settings.lake_dir)) == []


@pytest.mark.usefixtures("slot")
def test_counts_are_by_the_hour_and_few(site: Site, tmp_path: Path) -> None:
    """A mark holds sums and no person: nothing of a row but hour, cell, variant and outcome."""
    take(site, log(tmp_path, BLOCK))
    every = site.store.keys.every_partition()
    entries = [e for p in every for e in site.store.journal.read(p, 0, 1000)]
    marks = [e.record for e in entries if isinstance(e.record, Mark)]
    (fields,) = [one.fields for one in marks if one.type == "imported_counts"]
    assert set(fields) == {"import", "slot", "revision", "rows"}
    assert len(fields["rows"]) <= 2 * (BLOCK * 60 // 3600 + 2)
    assert all(row[0] % 3600 == 0 and row[0] > AT - DAY for row in fields["rows"])


@pytest.mark.usefixtures("slot")
@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"z,1,{AT},", "unknown variant of slot banner"),
        (f"a,-1,{AT},", "from 0 on"),
        ("a,1,,", "at is missing"),
        (f"a,1,{AT},bored", "reason is unknown"),
    ],
)
def test_rows_that_do_not_fit_are_named(
    site: Site, tmp_path: Path, line: str, problem: str
) -> None:
    """By their line, with the cure, and left out."""
    path = tmp_path / "log.csv"
    path.write_text(f"variant,reward,at,reason\n{line}\n")
    done = take(site, path)
    assert (done.refused, done.fresh, site.records()) == (1, 0, [])
    assert done.bad[0].line == 2
    assert problem in done.bad[0].problem


@pytest.mark.usefixtures("slot")
def test_without_the_word_such_a_log_is_refused(site: Site, tmp_path: Path) -> None:
    """It never comes in as decisions, and the message names the way."""
    done = take(site, log(tmp_path, 3), ImportRules("banner"))
    assert (done.refused, site.records()) == (3, [])
    assert "teach" in done.bad[0].problem


def test_a_mapping_may_say_it(tmp_path: Path) -> None:
    """`teach_only` contradicts a distribution."""
    path = tmp_path / "m.toml"
    path.write_text('slot = "banner"\nteach_only = true\n')
    assert load_rules(path).teach_only
    path.write_text('slot = "banner"\nteach_only = true\n[distribution]\na = 1.0\n')
    with pytest.raises(InvalidConfigError, match="contradicts"):
        load_rules(path)
