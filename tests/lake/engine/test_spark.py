"""Spark gives the same numbers as DuckDB: `make spark` installs what it takes and runs this."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pytest
from funnel_traffic import DAY, START, failing, traffic, written
from old_files import written as old_files
from places import CONFIG
from quarantine_samples import quarantine_of
from report_traffic import NOW, SLOT
from report_traffic import traffic as decided
from report_traffic import written as archived

from nudge import clock
from nudge.config.documents.funnel_file import load_funnel
from nudge.domain.funnel.funnel import Compare, FunnelQuestion, VisitPeriod
from nudge.domain.journal.records import Decision
from nudge.domain.reports.questions import EVER, EvaluationQuestion, PerformanceQuestion
from nudge.domain.reports.questions import Period as Span
from nudge.domain.reports.report import ReportTerms, report
from nudge.domain.reports.target_policy import AskedPolicy, rule_of
from nudge.flows.reports.evaluate import evaluate_cells, evaluate_log
from nudge.flows.reports.funnel import funnel
from nudge.flows.reports.log_question import LogQuestion
from nudge.lake.engine import dialects
from nudge.lake.engine.dialects import arrow, hash_subject, register_rows
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import answer, connect, figures, joined_form, performance, recount
from nudge.lake.evaluation.cells import CellRows
from nudge.lake.evaluation.logs import open_log
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.slot_rows import SlotRows, slot_rows
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys
from nudge.workers.reports.answers import Answers

pytest.importorskip("pyspark", reason="Spark is not installed: make spark")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java, and there is none", allow_module_level=True)

PATH = load_funnel(CONFIG)
WEEK = 7 * DAY
ENGINES = ("duckdb", "spark")
RULE = "rule:channel:web=a,app=b,*=b"


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two weeks of visitors, with a leak in the second."""
    weeks = (
        traffic(200, START, 0),
        traffic(200, START + WEEK, 1, failing("app", "gateway_down", 0.5)),
    )
    return written(tmp_path_factory.mktemp("spark") / "lake", chain(*weeks))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Three days of decisions, exposures and rewards, with files of which not all rows count."""
    return archived(tmp_path_factory.mktemp("spark") / "lake", decided(visits=2000))


@pytest.fixture(scope="module")
def rows(shown: Lake) -> Iterator[list[SlotRows]]:
    """The slot's rows in both engines."""
    cache = shown.root.parent / "reports"
    with ExitStack() as stack:
        found = [stack.enter_context(named_engine(shown, name, cache)) for name in ENGINES]
        yield [slot_rows(*connection, "banner", cache) for connection in found]


@pytest.mark.parametrize(("by", "compare"), [("channel", "week"), ("variant:banner", None)])
def test_the_funnel_is_the_same(visited: Lake, by: str, compare: Compare | None) -> None:
    """The whole report, by what decisions or exposures tell: counts, medians, paths, leaks."""
    question = FunnelQuestion(VisitPeriod(START + WEEK, START + 2 * WEEK), by, compare)
    assert funnel(visited, PATH, question, "spark") == funnel(visited, PATH, question)


def test_the_recount_is_the_same(shown: Lake) -> None:
    """Exposures, conversions, value and squares by revision, reason and variant."""
    assert performance(shown, "banner", "spark") == performance(shown, "banner")
    assert performance(shown, "banner")
    assert _sums(shown, "spark") == _sums(shown, "duckdb")


def _sums(lake: Lake, engine: str) -> list[Any]:
    backend = connect(lake, engine)
    return sorted((row["partition"], figures(row)) for row in answer(backend, recount(backend)))


def test_the_joined_form_is_the_same(shown: Lake) -> None:
    """Each decision with its exposure, reward and whether it is final."""
    found = []
    for engine in ENGINES:
        backend = connect(shown, engine)
        rows = answer(backend, joined_form(backend, "banner"))
        found.append({row["decision_id"]: _plain(row) for row in rows})
    assert found[0] == found[1]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    same = {name: int(row[name]) for name in ("u", "partition") if name in row}
    return row | same | {"context": dict(row["context"])}


def test_a_person_has_one_hash(rows: list[SlotRows]) -> None:
    """Texts of any length and any letters: who is in a group here is in it there."""
    random = Random(0)  # noqa: S311 (the same texts every time)
    letters = "0123456789abcdef\x00'é充"
    texts = ["".join(random.choices(letters, k=i % 40)) for i in range(400)]
    found = []
    for one in rows:
        table = register_rows(one.backend, "texts", pa.table({"text": texts}))
        told = arrow(one.backend, table.select("text", hash=hash_subject(one.backend, table.text)))
        found.append({row["text"]: row["hash"] % 2**64 for row in told.to_pylist()})
    assert found[0] == found[1]
    assert len(set(found[0].values())) == len(set(texts))


@pytest.mark.parametrize(
    "cut",
    [
        Cut(),
        Cut(by=("channel",)),
        Cut(by=("context.city_tier",)),
        Cut(by=("day",), revenue=True),
        Cut(Span(NOW - 40 * 3600.0, NOW - 4 * 3600.0), ("channel", "page")),
        Cut(by=("policy_version",)),
    ],
    ids=lambda cut: ",".join(cut.by),
)
def test_reports_are_the_same(rows: list[SlotRows], cut: Cut) -> None:
    """All figures, intervals and verdicts, whatever the slot is divided by."""
    terms = ReportTerms(SLOT, {1: 0.12, 2: 0.12}, NOW)
    found = [report(terms, cut.by, build_cube(one, cut, SLOT.names)) for one in rows]
    assert_alike(found[1], found[0])
    assert found[0]["whole"]["exposures"] > 500


def test_reports_and_evaluations_are_the_same_beside_a_quarantine(rows: list[SlotRows]) -> None:
    """Both engines leave out the same exposures, and say so in the same figures."""
    outage = quarantine_of(NOW - 20 * 3600.0, NOW - 10 * 3600.0, "web")
    teaching = [one.without([outage]) for one in rows]
    terms = ReportTerms(SLOT, {1: 0.12, 2: 0.12}, NOW)
    found = [report(terms, (), build_cube(one, Cut(), SLOT.names)) for one in teaching]
    assert_alike(found[1], found[0])
    assert found[0]["quarantined"] > 0
    judged = [evaluate_cells(CellRows(one, EVER, revenue=False), "uniform") for one in teaching]
    assert_alike(judged[1].plain, judged[0].plain)
    assert judged[0].left_out["quarantined"] > 0


@pytest.mark.parametrize("revenue", [False, True])
@pytest.mark.parametrize("target", ["uniform", "always:b", RULE])
def test_evaluations_are_the_same(rows: list[SlotRows], target: str, *, revenue: bool) -> None:
    """All estimates, with their model and its splits, their intervals, and what is left out."""
    found = [
        evaluate_cells(CellRows(one, EVER, revenue=revenue), target, asked(target)).plain
        for one in rows
    ]
    assert_alike(found[1], found[0])
    assert found[0]["n"] > 100
    assert found[0]["estimators"]["dr"]["value"] > 0.0


def asked(target: str) -> AskedPolicy:
    """The policy of a rule."""
    kind, _, text = target.partition(":")
    return rule_of(text, SLOT.names) if kind == "rule" else None


def test_evaluations_by_rows_are_the_same(shown: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are read one by one where cells are too many; Spark hands them over in parts."""
    monkeypatch.setattr(dialects, "PART", 300)
    logs = [open_log(shown.root, "banner", engine) for engine in ENGINES]
    assert logs[0].rows == logs[1].rows
    found = [evaluate_log(log, LogQuestion("uniform")).plain for log in logs]
    assert_alike(found[1], found[0])


def test_workers_ask_the_engine_of_the_settings(
    shown: Lake, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page's answer is the same; Spark has kept nothing, neither here nor there."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    store = Store(clients.patient(settings.store_url), Keys(settings.namespace, 3))
    assert store.slots.put(SLOT, None)
    performed = PerformanceQuestion("banner", by=("channel",)).plain
    evaluated = EvaluationQuestion("banner", "always:b").plain
    found, before = [], cached()
    for engine in ENGINES:
        own = replace(settings, data_dir=shown.root.parent, lake_engine=engine)
        answers = Answers(store, own)
        bodies = (answers.report(performed, print).body, answers.evaluate(evaluated, print).body)
        found.append([orjson.loads(body) for body in bodies])
    store.close()
    assert_alike(found[1], found[0])
    assert cached() == before


def cached() -> int:
    """How many tables Spark has cached."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra

    session = SparkSession.getActiveSession()
    return session.sparkContext._jsc.getPersistentRDDs().size() if session else 0


def assert_alike(found: Any, wanted: Any, place: str = "") -> None:
    """JSON whose floats agree to nine digits, and all else to the last."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), place
        for name, inner in wanted.items():
            assert_alike(found[name], inner, f"{place}.{name}")
    elif isinstance(wanted, list | tuple):
        assert len(found) == len(wanted), place
        for number, inner in enumerate(wanted):
            assert_alike(found[number], inner, f"{place}[{number}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12, nan_ok=True), place
    else:
        assert found == wanted, place


@pytest.mark.parametrize("claimed", [True, False])
def test_a_column_that_old_files_lack_is_null(tmp_path: Path, *, claimed: bool) -> None:
    """Whether all or some rows of a file count: what was written is read, the rest is null."""
    entries = old_files(Lake(tmp_path), old={0, 2}, claimed=claimed)
    for engine in ENGINES:
        backend = connect(Lake(tmp_path), engine)
        rows = backend.table("decisions")
        found = answer(backend, rows.filter(rows.partition == 2).order_by("position"))
        dues = [e.record.due for e in entries if isinstance(e.record, Decision)]
        assert [row["due_seconds"] for row in found] == dues
        assert {row["twin"] for row in found} == {None}
