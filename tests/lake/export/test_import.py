"""Import: an exported log in an empty service is the same log; each row once; mistakes named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from export_lake import MIDNIGHT, lake_of, rows
from lake_samples import REVENUE
from places import CONFIG

from nudge import clock
from nudge.config.import_file import load_rules
from nudge.config.slot_file import load_slots
from nudge.domain.credit.attribution_replay import AttributionAccount, fold
from nudge.domain.credit.log_import import ImportRules
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Decision, JournalEntry, Mark, is_imported
from nudge.domain.slots.slot import Variant
from nudge.errors import InvalidConfigError, NotFoundError, StoreError
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.reports.evaluate import evaluate_log
from nudge.flows.reports.log_question import LogQuestion
from nudge.flows.upkeep.imports.import_log import Importer, ImportResult, digest
from nudge.flows.upkeep.imports.import_survey import Look
from nudge.lake.engine.query import performance
from nudge.lake.evaluation.logs import open_log
from nudge.lake.export.export import ExportRequest, export, open_export
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.lake.intake.input_file import open_input
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

MADE = rows(300)
SHIPPED = load_slots(CONFIG / "slots")
SLOT = replace(
    SHIPPED["denomination"],
    revision=3,
    variants=tuple(Variant(name, name) for name in ("a", "b", "c")),
    fallback={"default": "a"},
    terms=REVENUE,
)
COLUMNS = "variant,reward,at,pmf,eligible"
CSV = "arm,money,city\na,0,1\nb,50,2\na,30.5,1\n"


@dataclass
class Service:
    """An empty service with one slot."""

    store: Store
    settings: Settings

    def take(
        self,
        path: Path,
        rules: ImportRules,
        name: str = "",
        look: Look = lambda _: None,
        *,
        strict: bool = True,
    ) -> ImportResult:
        """Import a file."""
        named = name or digest(path)
        return self.importer.run(open_input(path), rules, named, look, strict=strict)

    @property
    def importer(self) -> Importer:
        """The flow."""
        return Importer(self.store, self.history, b"k" * 32, clock.now())

    @property
    def history(self) -> History:
        """Lake and journal."""
        unseal = Sealer(self.settings.secret_key).unseal
        return History(Lake(self.settings.lake_dir), unseal, self.store.journal.read)

    def entries(self) -> list[JournalEntry]:
        """The whole journal."""
        every = self.store.keys.every_partition()
        return [entry for p in every for entry in self.store.journal.read(p, 0, 100_000)]

    def rows(self) -> list[JournalEntry]:
        """The journal without marks."""
        return [one for one in self.entries() if not isinstance(one.record, Mark)]

    def archived(self) -> Lake:
        """The journal's lake."""
        lake = Lake(self.settings.lake_dir)
        seal = Sealer(self.settings.secret_key).seal_each
        every = self.store.keys.every_partition()
        leases = [self.store.folds.acquire(p, "archive", "t", 60) for p in every]
        ArchiveFold(self.store, lake, seal).run([one for one in leases if one])
        return lake


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    store = patient_store(settings)
    assert store.slots.put(SLOT, None)
    yield Service(store, settings)
    store.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake that is exported."""
    return lake_of(tmp_path_factory.mktemp("import") / "lake", MADE)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_exported_log_gives_the_same_performance(
    kind: str, source: Lake, service: Service, tmp_path: Path
) -> None:
    """In an empty service all sums by revision, reason and variant are equal, and estimates."""
    path = tmp_path / f"log.{kind}"
    export(open_export(source, ExportRequest("denomination")), kind, path, {}, lambda _: None)
    done = service.take(path, ImportRules("denomination"))
    assert done.fresh == done.rows == len(MADE)
    lake = service.archived()
    assert performance(lake, "denomination") == performance(source, "denomination")
    question = LogQuestion("uniform")
    first, second = (
        evaluate_log(open_log(p), question).plain for p in (path, _again(lake, tmp_path))
    )
    for name, estimate in first["estimators"].items():
        assert second["estimators"][name] == pytest.approx(estimate)
    assert second["n"] == first["n"]


def _again(lake: Lake, tmp_path: Path) -> Path:
    """The imported log exported again, its windows taken as closed as they are in the first."""
    path = tmp_path / "again.parquet"
    log = open_export(lake, ExportRequest("denomination"))
    names = tuple(name for name in log.columns if name != "matured")
    export(replace(log, columns=names), "parquet", path, {}, lambda _: None)
    return path


def test_decisions_are_those_of_the_log(source: Lake, service: Service, tmp_path: Path) -> None:
    """Context with its types, distribution, draw, times and reason; one subject stays one."""
    path = tmp_path / "log.parquet"
    export(open_export(source, ExportRequest("denomination")), "parquet", path, {}, lambda _: None)
    service.take(path, ImportRules("denomination"))
    made = [e.record for e in service.entries() if isinstance(e.record, Decision)]
    by_time = sorted(made, key=lambda d: d.at or 0.0)
    for row, decision in zip(MADE, by_time, strict=True):
        same = ("eligible", "pmf", "u", "variant", "propensity", "reason", "at", "revision")
        for name in same:
            assert getattr(decision, name) == getattr(row.decision, name)
        assert decision.context["device"] == row.decision.context["device"]
    assert len({d.subject for d in made}) == len({row.decision.subject for row in MADE})


def test_a_broken_off_import_goes_on(service: Service, tmp_path: Path) -> None:
    """Whenever it is broken off, in the end each row is there once; done, it writes nothing."""
    path = tmp_path / "log.csv"
    rules = ImportRules("denomination", distribution={"a": 0.5, "b": 0.5})
    path.write_text("variant,reward,at\n" + f"a,1,{MIDNIGHT}\nb,0,{MIDNIGHT}\n" * 1500)
    for limit in (2100, 2600):
        stopped = iter(range(limit)).__next__
        with pytest.raises(StopIteration):
            service.take(path, rules, "x", _until(stopped))
    first = len(service.rows())
    assert 0 < first < 7500
    done = service.take(path, rules, "x")
    assert 0 < done.fresh < done.rows == 3000
    decisions = [e.ref for e in service.entries() if isinstance(e.record, Decision)]
    assert len(decisions) == len(set(decisions)) == 3000
    assert service.take(path, rules, "x").fresh == 0
    assert len(service.rows()) == 7500


def _until(stopped: Callable[[], object]) -> Callable[[int], object]:
    """A look that ends the run when its numbers end."""
    return lambda _: stopped()


def test_one_import_at_a_time(service: Service, tmp_path: Path) -> None:
    """While one holds the lease, the same import elsewhere is refused."""
    path = tmp_path / "log.csv"
    path.write_text(f"variant,reward,at\na,1,{MIDNIGHT}\n")
    assert service.store.folds.acquire(0, "imports-denomination", "other", 60)
    with pytest.raises(StoreError, match="runs already"):
        service.take(path, ImportRules("denomination", distribution={"a": 1.0}), "x")


def test_a_mapping_names_columns_and_the_distribution(service: Service, tmp_path: Path) -> None:
    """A randomised campaign: shares from the mapping, attributes from columns, yuan as reward."""
    log, mapping = tmp_path / "log.csv", tmp_path / "m.toml"
    log.write_text(
        CSV.replace("arm", "day,arm")
        .replace("\na", "\n2026-09-21T10:00:00+08:00,a")
        .replace("\nb", "\n2026-09-21T10:00:00+08:00,b")
    )
    mapping.write_text(
        'slot = "denomination"\n[columns]\nvariant = "arm"\nreward = "money"\nat = "day"\n'
        '[context]\ncity_tier = "city"\n[distribution]\na = 0.25\nb = 0.75\n'
    )
    service.take(log, load_rules(mapping))
    found = performance(service.archived(), "denomination")
    assert [(one.variant, one.exposures, one.conversions, one.value) for one in found] == [
        ("a", 2, 1, 3050),
        ("b", 1, 1, 5000),
    ]
    decisions = [e.record for e in service.entries() if isinstance(e.record, Decision)]
    assert {d.propensity for d in decisions} == {0.25, 0.75}
    assert {d.context["city_tier"] for d in decisions} == {"1", "2"}


def test_attribute_passes_imported_decisions_by(
    source: Lake, service: Service, tmp_path: Path
) -> None:
    """A reward that was credited long ago is not credited anew, and a rebuild does not claim it."""
    path = tmp_path / "log.parquet"
    export(open_export(source, ExportRequest("denomination")), "parquet", path, {}, lambda _: None)
    service.take(path, ImportRules("denomination"))
    entries = service.entries()
    assert all(is_imported(e.ref) for e in entries if isinstance(e.record, Decision))
    assert fold({}, 0.0, entries) == ({}, [])
    attribute = AttributeFold(service.store)
    first = [entry for entry in entries if entry.partition == 0]
    _, made = attribute.handle(0, attribute.prepare(0), first)
    assert (list(made.records), len(made.writes)) == ([], 1)
    account = AttributionAccount()
    account.find(entries)
    assert account.close() == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"variant,reward,at\na,1,{MIDNIGHT}\n", "no distribution: without one nothing can be"),
        ('variant,reward,pmf,eligible\na,1,[1],"[""a""]"\n', "at is missing"),
        (f'{COLUMNS}\nb,1,{MIDNIGHT},[1],"[""a""]"\n', "variant is not eligible; use one of"),
        (f'{COLUMNS}\nz,1,{MIDNIGHT},[1],"[""z""]"\n', "unknown variant of slot"),
        (f'{COLUMNS}\na,1,{MIDNIGHT},[0.5],"[""a""]"\n', "is not a distribution over"),
        (
            f'{COLUMNS},propensity\na,1,{MIDNIGHT},[1],"[""a""]",0.9\n',
            "propensity is not the 1.0",
        ),
    ],
)
def test_rows_that_do_not_fit_are_named_before_anything_is_written(
    text: str, problem: str, service: Service, tmp_path: Path
) -> None:
    """Each with its number and a cure, and nothing is in the journal."""
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(InvalidConfigError, match=r"line 2: ") as caught:
        service.take(path, ImportRules("denomination"))
    assert problem in caught.value.problems[0]
    assert service.entries() == []


def test_an_unknown_slot_is_said(service: Service) -> None:
    """A slot must be in service before its history."""
    with pytest.raises(NotFoundError, match="nudge apply"):
        service.importer.plan(ImportRules("nowhere"), "x")


def test_mistakes_in_a_mapping_are_named(tmp_path: Path) -> None:
    """Unknown names and shares that are no distribution, with file and key."""
    path = tmp_path / "m.toml"
    path.write_text('slot = "banner"\n[columns]\nvarriant = "x"\n[distribution]\na = 0.5\n')
    with pytest.raises(InvalidConfigError) as caught:
        load_rules(path)
    assert caught.value.problems == [
        f"{path}: columns.varriant: is unknown; did you mean 'variant'?",
        f"{path}: distribution: sums to 0.5; give probabilities that sum to 1",
    ]
