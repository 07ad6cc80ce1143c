"""Reports over HTTP: with a worker, without one, as files, and what may be asked."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pyarrow.parquet as pq
import pytest
from api_web import Web, bearer
from click.testing import CliRunner, Result
from places import ROOT
from werkzeug.test import TestResponse

from nudge import clock
from nudge.api.schemas.examples import FOLDER
from nudge.cli import cli
from nudge.cli.reports.report_month import report_month
from nudge.domain.advice.slot_advice import AdviceTerms, slot_advice
from nudge.domain.figures.definitions import ANCHORS, PAGE, defined_by, definitions
from nudge.domain.identity.sealing import Sealer
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.sentences import Advice
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.reports import performance
from nudge.flows.serving import questions
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.reader import Lake
from nudge.store.jobs import jobs
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.answers import Answers
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, ReportLoop
from nudge.workers.runner import Runner

SLOT = "/v1/slots/denomination"
PEOPLE = 120
RATES = ("rate", "revenue_per_exposure")
INFERRED = ("estimate", "interval", "chance_to_be_best", "expected_loss")


@pytest.fixture
def busy(web: Web) -> Web:
    """Visitors of two channels, of whom a third paid; folded and archived."""
    visit(web, range(PEOPLE))
    fold(web)
    return web


def visit(web: Web, numbers: Iterable[int]) -> None:
    """Visitors decide; every third of them pays."""
    for number in numbers:
        who, channel = f"v-{number}", "wap" if number % 2 else "web"
        web.decide(visitor_id=who, channel=channel, slots=["denomination"])
        if number % 3 == 0:
            event = {"event_id": f"e-{number}", "type": "paid", "visitor_id": who, "amount": 50}
            web.post("/v1/events", {"events": [event]}, web.secrets["ingest"])


def learn(web: Web) -> None:
    """Run the folds that the totals come from until nothing is left."""
    store = patient_store(web.service.settings)
    for one in (AttributeFold(store), LearnFold(store)):
        runner = Runner(store, one, "test")
        while runner.turn():
            pass
    store.close()


def fold(web: Web) -> None:
    """The work of all workers, until nothing is left."""
    learn(web)
    settings = web.service.settings
    store = patient_store(settings)
    seal = Sealer(settings.secret_key).seal_each
    archive = ArchiveFold(store, Lake(settings.lake_dir), seal, ArchiveLimits(every=0.0))
    leases = Leases(store, "archive", "test")
    leases.refresh()
    archive.run(leases.held())
    store.close()


@pytest.fixture
def worker(web: Web) -> Iterator[None]:
    """A report worker, in threads."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    kinds = Answers(store, settings).kinds
    loops = [ReportLoop(store, kind, 5.0) for kind in kinds]
    threads = [Thread(target=loop.run, args=(stop,)) for loop in loops]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()
    store.close()


def asked(web: Web, query: str) -> TestResponse:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 60.0
    while True:
        response = web.get(f"{SLOT}/performance{query}")
        if response.status_code != 202 and not (response.json or {}).get("job", None):
            return response
        assert time.monotonic() < until, response.text
        time.sleep(0.1)


def report(web: Web, query: str = "") -> Any:
    response = asked(web, query)
    assert response.status_code == 200, response.text
    return response.json


def rates(row: Any) -> dict[str, float | None]:
    """The rates of a row of the report; null where few people hide them."""
    return {name: row.get(name) for name in RATES}


def inferred(row: Any) -> list[object]:
    """The inferred figures of a variant beside the totals."""
    return [row[name] for name in INFERRED]


def inferred_by(row: Any) -> list[object]:
    """The same figures as the report has them."""
    mean = row.get("estimate") or {}
    ends = [mean["low"], mean["high"]] if mean else None
    chance, loss = row.get("chance_to_be_best"), row.get("expected_loss")
    return [mean.get("value"), ends, chance, loss]


@pytest.mark.usefixtures("worker")
def test_the_report_stands_beside_the_totals(busy: Web) -> None:
    """Without a question: totals of this second, and the lake's report, which agree."""
    before = clock.now()
    told = report(busy)
    drawn = told["report"]["whole"]
    assert told["total"]["exposures"] == drawn["exposures"]
    assert told["total"]["conversions"] == drawn["conversions"]
    assert before <= datetime.fromisoformat(told["counted_at"]).timestamp() <= clock.now()
    assert drawn["open"] == drawn["exposures"]
    assert drawn["verdict"]["reason"] == "nothing_matured"
    assert "窗口" in drawn["verdict"]["zh"]
    names = [one["variant"] for one in told["variants"]]
    assert [one["variant"] for one in drawn["variants"]] == names


@pytest.mark.usefixtures("worker")
def test_inferred_figures_are_those_of_the_report(busy: Web) -> None:
    """Rate, interval, chance and loss beside the totals equal the report's, to the bit."""
    visit(busy, range(PEOPLE, 8 * PEOPLE))  # of two variants at least twenty people
    fold(busy)
    told = report(busy)
    found = told["report"]
    assert (told["as_of"], told["interval_level"]) == (found["as_of"], found["interval_level"])
    for name in RATES:
        assert told["total"][name] == found["whole"][name]
    assert told["total"]["rate"] > 0.0
    assert set(told["by_reason"]) == set(found["whole"]["by_reason"])
    for reason, row in told["by_reason"].items():
        assert {name: row[name] for name in RATES} == rates(found["whole"]["by_reason"][reason])
    for row, own in zip(told["variants"], found["whole"]["variants"], strict=True):
        assert {name: row[name] for name in RATES} == rates(own)
        assert inferred(row) == inferred_by(own)
    assert any(row["chance_to_be_best"] for row in told["variants"])


@pytest.mark.usefixtures("worker")
def test_new_traffic_is_counted_before_it_is_reported(busy: Web) -> None:
    """Totals grow with the folds; inferred figures stay, with their time, until the next report."""
    before = report(busy)
    later = clock.now()
    for number in range(30):
        busy.decide(visitor_id=f"late-{number}", slots=["denomination"])
    learn(busy)
    after = busy.get(f"{SLOT}/performance").json
    assert after["total"]["exposures"] > before["total"]["exposures"]
    assert datetime.fromisoformat(after["as_of"]).timestamp() <= later
    assert after["as_of"] == after["report"]["as_of"]
    for old, new in zip(before["variants"], after["variants"], strict=True):
        assert new["exposures"] >= old["exposures"]
        assert [new[name] for name in (*RATES, *INFERRED)] == [
            old[name] for name in (*RATES, *INFERRED)
        ]


def test_before_the_first_report_nothing_is_inferred(busy: Web) -> None:
    """No worker has made a report: `as_of` and what is inferred are null, totals count."""
    told = busy.get(f"{SLOT}/performance").json
    assert (told["report"], told["as_of"]) == (None, None)
    assert told["total"]["exposures"] > 0
    assert told["total"]["conversions"] > 0
    rows = [told["total"], *told["by_reason"].values(), *told["variants"]]
    assert {row[name] for row in rows for name in RATES} == {None}
    assert {row[name] for row in told["variants"] for name in INFERRED} == {None}
    assert sum(row["exposures"] for row in told["variants"]) == told["total"]["exposures"]


@pytest.mark.usefixtures("worker")
def test_a_question_gets_its_report_alone(busy: Web) -> None:
    """By channel: two segments, whose sums are the whole; complete until now, as nothing is new."""
    before = clock.now()
    told = report(busy, "?by=channel")
    head = {"slot", "revision", "objective", "policy", "guard", "definition"}
    assert set(told) == head | {"report", "job"}
    found = told["report"]
    assert {one["segment"]["channel"] for one in found["segments"]} == {"web", "wap"}
    parts = [one["exposures"] for one in found["segments"]]
    assert sum(parts) == found["whole"]["exposures"]
    assert datetime.fromisoformat(found["as_of"]).timestamp() >= before
    empty = report(busy, "?to=2019-12-31")["report"]
    assert empty["whole"]["exposures"] == 0
    assert empty["to"] == "2020-01-01T00:00:00+08:00"


@pytest.mark.usefixtures("worker")
def test_advice_is_made_from_all_visitors_by_the_slot_s_own_dimensions(
    busy: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variant is stopped for all: no filter hides a segment that needs it, nor asks for `by`."""
    seen: dict[str, Cube] = {}
    asked: list[AdviceTerms] = []

    def look(terms: AdviceTerms, views: Mapping[str, Cube]) -> Advice:
        seen.update(views)
        asked.append(terms)
        return slot_advice(terms, views)

    monkeypatch.setattr(performance, "slot_advice", look)
    verdict = report(busy, "?where=channel:wap")["report"]["whole"]["verdict"]
    assert {"channel", "page"} < set(seen)
    assert any(name.startswith("context.") for name in seen)
    assert {one[0] for one in seen["channel"].segments} == {"web", "wap"}
    assert asked[0].fallback["default"] in asked[0].enabled
    assert (verdict["needed_by"], verdict["personal_gain"]) == ([], None)
    assert (verdict["since"], verdict["gain_over_fallback"]) == (None, None)


@pytest.mark.usefixtures("worker")
def test_equal_questions_share_one_job(busy: Web) -> None:
    """While the lake stays as it is, asking again finds the answer, at once."""
    report(busy, "?by=channel")
    count = len(list(busy.service.store.client.scan(f"{busy.service.store.keys.config('job')}:*")))
    for _ in range(3):
        assert busy.get(f"{SLOT}/performance?by=channel").status_code == 200
    assert (
        len(list(busy.service.store.client.scan(f"{busy.service.store.keys.config('job')}:*")))
        == count
    )


@pytest.mark.usefixtures("worker")
def test_what_is_new_is_in_the_next_report(busy: Web) -> None:
    """The lake moved on: a report that is older than 5 s is not given for the new state."""
    before = report(busy, "?by=page")["report"]["whole"]["exposures"]
    for number in range(30):
        busy.decide(visitor_id=f"late-{number}", slots=["denomination"])
    fold(busy)
    until = time.monotonic() + 30.0
    while report(busy, "?by=page")["report"]["whole"]["exposures"] == before:
        assert time.monotonic() < until
        time.sleep(0.5)


@pytest.mark.usefixtures("worker")
def test_a_report_is_a_file_too(busy: Web) -> None:
    """CSV and Parquet have the same rows: the whole, its variants, each segment and its own."""
    text = asked(busy, "?by=channel&format=csv")
    assert text.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in text.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text.get_data(as_text=True).removeprefix("\ufeff"))))
    table = pq.read_table(io.BytesIO(asked(busy, "?by=channel&format=parquet").data)).to_pylist()
    shown = [(r["channel"], r["variant"], int(r["exposures"])) for r in rows]
    assert shown == [(r["channel"], r["variant"], r["exposures"]) for r in table]
    assert ("", "") in {(r["channel"], r["variant"]) for r in table}
    assert {"web", "wap"} <= {r["channel"] for r in table}
    assert rows[0]["verdict"] == "too_early"
    assert rows[0]["sentence_zh"]
    assert {r["title_zh"] for r in rows if r["variant"] == "100"} == {"100 元"}
    told = report(busy, "?compare=week&where=channel:wap,channel:web")["report"]
    assert told["where"] == {"channel": ["wap", "web"]}
    assert told["compare"]["with"] == "week"
    assert told["whole"]["change"]["rate"] is None
    assert "cannot be compared" in told["compare"]["en"]
    table = asked(busy, "?compare=week&where=channel:wap,channel:web&format=csv").text
    assert '"channel:wap,channel:web"' in table
    compared = pq.read_table(io.BytesIO(asked(busy, "?compare=week&format=parquet").data))
    assert {"compare", "before_rate", "change_rate_low", "change_zh"} <= set(compared.column_names)
    for wrong in ("compare=year", "compare=revision&to=2026-11-20", "compare=week&from=2020-01-01"):
        refused = asked(busy, f"?{wrong}")
        assert refused.status_code == 422
        assert "compare: " in refused.text


@pytest.mark.soak
def test_q4_a_week_of_all_slots_is_a_page(busy: Web, tmp_path: Path) -> None:
    """`nudge report` tells figures, verdict, advice and change of each slot, in both languages."""
    settings, page = busy.service.settings, tmp_path / "week.txt"
    today = busy.service.calendar.label(clock.now())[:10]

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, ["report", *words], env=settings.to_environ())

    done = run("--week", today, "--out", str(page))
    assert done.exit_code == 0, done.output
    text = page.read_text("utf-8")
    assert "[denomination]" in text
    assert "曝光 " in text
    assert "建议：" in text
    assert "漏斗：" in text
    assert run("--week", "soon").exit_code == 2
    assert run("--week", "2099-01-01").exit_code == 2


@pytest.mark.usefixtures("worker")
def test_what_another_policy_would_have_got(busy: Web) -> None:
    """An evaluation is a job; with open windows only it says that it cannot be answered."""
    job = busy.post(f"{SLOT}/evaluations", {"target": "uniform"}, busy.secrets["read"])
    until = time.monotonic() + 60.0
    while job.status_code == 202:
        assert job.headers["Location"] == f"/v1/jobs/{job.json['job_id']}"
        assert time.monotonic() < until
        time.sleep(0.2)
        job = busy.post(f"{SLOT}/evaluations", {"target": "uniform"}, busy.secrets["read"])
    assert job.status_code == 200, job.text
    assert not job.json["answerable"]
    assert job.json["why"]
    assert job.json["left_out"]["not_matured"] > 0


@pytest.mark.usefixtures("worker")
def test_a_question_that_cannot_be_answered_says_why(busy: Web) -> None:
    """A variant that nobody could get, a version that is not kept: 404 or 422, with the cure."""
    for target, status in (("always:nothing", 422), ("policy:99", 404)):
        response = busy.post(f"{SLOT}/evaluations", {"target": target}, busy.secrets["read"])
        until = time.monotonic() + 60.0
        while response.status_code == 202:
            assert time.monotonic() < until
            time.sleep(0.1)
            response = busy.post(f"{SLOT}/evaluations", {"target": target}, busy.secrets["read"])
        assert response.status_code == status, response.text
        assert str(busy.service.settings.data_dir) not in response.text


def test_a_failure_is_told_and_not_repeated(busy: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller who polls is told of the failure, not where the lake lies, and begins nothing again.

    A new POST does, a while later: within it the failure is told.
    """
    monkeypatch.setattr(questions, "TAKEN", 0.0)
    store = patient_store(busy.service.settings)

    def broken(_: object, __: object) -> JobAnswer:
        raise BrokenLakeError("/srv/nudge/lake/x.parquet is missing")

    report, evaluate = (
        ReportLoop(store, QuestionKind(name, broken, 60.0), 5.0) for name in ("report", "evaluate")
    )
    look = f"{SLOT}/performance?by=channel"
    assert busy.get(look).status_code == 202
    assert report.turn()
    monkeypatch.setattr(jobs, "RETRY", 0.0)
    for _ in range(2):
        failed = busy.get(look)
        assert (failed.status_code, failed.json["code"]) == (503, "broken_lake")
        assert "/srv" not in failed.text
        assert not report.turn()
    path, body = f"{SLOT}/evaluations", {"target": "uniform"}
    monkeypatch.setattr(jobs, "RETRY", 60.0)
    job = busy.post(path, body, busy.secrets["read"])
    assert job.status_code == 202
    assert evaluate.turn()
    assert busy.get(job.headers["Location"]).json["state"] == "failed"
    assert busy.post(path, body, busy.secrets["read"]).status_code == 503
    monkeypatch.setattr(jobs, "RETRY", 0.0)
    assert busy.post(path, body, busy.secrets["read"]).status_code == 202
    assert evaluate.turn()
    store.close()


def test_without_a_worker_there_is_a_job(web: Web) -> None:
    """202 within a quarter of a second or so; the totals do not depend on it."""
    web.get(f"{SLOT}/performance")
    began = time.monotonic()
    response = web.get(f"{SLOT}/performance?by=channel")
    assert time.monotonic() - began < 5.0
    assert response.status_code == 202
    assert response.json["report"] is None
    told = web.get(response.headers["Location"]).json
    assert (told["state"], told["result"]) == ("waiting", None)
    totals = web.get(f"{SLOT}/performance")
    assert (totals.status_code, totals.json["report"]) == (200, None)
    assert totals.json["job"]["state"] == "waiting"
    assert web.get("/v1/jobs/unknown").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?by=shoe_size", "by"),
        ("?by=channel,page,day", "by"),
        ("?by=context.X", "by"),
        ("?from=yesterday", "from"),
        ("?to=2026-01-01T00:00:00", "to"),
        ("?from=2026-02-01&to=2026-01-01", "to"),
        ("?format=xlsx", "format"),
        ("?where=hour:24", "where"),
        ("?where=channel:fax", "where"),
        ("?where=context.amount:300..100", "where"),
        ("?compare=revision&where=revision:1..2", "compare"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(web: Web, query: str, field: str) -> None:
    """422 that names the parameter and what would be right."""
    response = web.get(f"{SLOT}/performance{query}")
    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
    assert field in response.json["errors"]


def test_q4_a_filter_may_come_in_parts(web: Web) -> None:
    """`where` given twice is one filter, with its ranges and hours; any channel's spelling fits."""
    query = "?where=context.amount:100..300&where=channel:WAP,hour:9..17&by=hour,weekday"
    response = web.get(f"{SLOT}/performance{query}")
    assert response.status_code == 202, response.text
    assert response.json["job"]["question"]["where"] == {
        "channel": "wap",
        "context.amount": {"from": "100", "to": "300"},
        "hour": {"from": "09", "to": "17"},
    }


def test_an_evaluation_that_makes_no_sense_is_refused(web: Web) -> None:
    """422 for a target that is none, for an unknown key, and for times in the wrong order."""
    path, key = f"{SLOT}/evaluations", web.secrets["read"]
    for body in (
        {},
        {"target": "best"},
        {"target": 5},
        {"target": "uniform", "form": 1},
        {"target": "uniform", "from": 10, "to": 5},
        {"target": "uniform", "from": {}},
    ):
        assert web.post(path, body, key).status_code == 422, body
    assert web.http.post(path, data="{", headers=bearer(key)).status_code == 415


def answered(web: Web, path: str, body: object = None) -> Any:
    """The answer to a question of any kind, once there is one."""
    until = time.monotonic() + 60.0
    while True:
        key = web.secrets["read"]
        response = web.get(path) if body is None else web.post(path, body, key)
        if response.status_code != 202 and not (response.json or {}).get("job", None):
            assert response.status_code == 200, response.text
            return response
        assert time.monotonic() < until, response.text
        time.sleep(0.1)


@pytest.mark.usefixtures("worker")
def test_payments_that_slots_share_are_told_once(
    busy: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    """The month of a payment that two slots have: both have it, their sum is told, and the total.

    JSON, CSV and the command tell the same; what is no month is refused by its name.
    """
    for number in range(30):
        who = f"both-{number}"
        busy.decide(visitor_id=who, slots=["denomination"])
        busy.decide(visitor_id=who, slots=["payment_retry"], page="result")
        event = {"event_id": f"both-{number}", "type": "paid", "visitor_id": who, "amount": 30}
        busy.post("/v1/events", {"events": [event]}, busy.secrets["ingest"])
    fold(busy)
    calendar = busy.service.calendar
    month = calendar.label(clock.now())[:7]
    found = answered(busy, f"/v1/reports/shared?month={month}").json
    paid = PEOPLE // 3 + 30
    assert found["total"] == {"hidden": False, "payments": paid, "revenue": 50 * PEOPLE / 3 + 900}
    assert found["credited"] == found["total"]
    assert found["sum"]["payments"] == paid + 30
    (pair,) = found["pairs"]
    assert (pair["slots"], pair["payments"]) == (["denomination", "payment_retry"], 30)
    text = answered(busy, f"/v1/reports/shared?month={month}&format=csv").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["payments"] for row in rows if row["row"] == "pair"] == ["30", "30"]
    capsys.readouterr()
    report_month(busy.service.settings, month, "zh", as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed | {"as_of": ""} == found | {"as_of": ""}
    report_month(busy.service.settings, month, "zh", as_json=False)
    assert "".join(found["headline"]["zh"].split()) in "".join(capsys.readouterr().out.split())
    for query, name in (("?month=october", "month"), ("?from=2026-10-01", "to"), ("?x=1", "x")):
        refused = busy.get(f"/v1/reports/shared{query}")
        assert (refused.status_code, name in refused.json["errors"]) == (422, True)


def numbers(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each number in an answer, by the names of its fields; those of a job are none."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name != "job":
                yield from numbers(part, (*path, name))
    elif isinstance(value, list):
        for part in value:
            yield from numbers(part, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def undefined(answer: Any) -> set[str]:
    """The numbers of an answer that its map does not define."""
    return {
        ".".join(path) for path in numbers(answer) if not defined_by(answer["definition"], path)
    }


def example_of(name: str) -> Any:
    """The answer in the document's example of an operation."""
    return json.loads(FOLDER.joinpath(f"{name}.json").read_text("utf-8"))["answer"]


NO_JOBS = {
    "model",
    "next",
    "preview",
    "segment",
    "segment_offers",
    "serving",
    "sms_forecast",
    "visitor",
}
"""Kinds of answers that no job makes."""


@pytest.mark.usefixtures("worker")
def test_every_figure_is_defined(busy: Web) -> None:
    """Each number of every answer has a link to a paragraph, which is there in both languages.

    In real answers, as a job's result too, and in the document's examples, which have more.
    """
    steps = [{"event_id": f"s-{n}", "type": "step", "visitor_id": f"v-{n}"} for n in range(60)]
    busy.post("/v1/events", {"events": [one | {"step": "home"} for one in steps]})
    scores = [one | {"type": "feedback", "scene": "paid", "score": 8} for one in steps]
    busy.post("/v1/events", {"events": scores})
    fold(busy)
    month = busy.service.calendar.label(clock.now())[:7]
    asked = (
        (f"{SLOT}/performance", None),
        (f"{SLOT}/performance?by=channel", None),
        (f"{SLOT}/evaluations", {"target": "uniform"}),
        ("/v1/funnel?compare=week", None),
        (f"/v1/reports/shared?month={month}", None),
        ("/v1/experience", None),
        ("/v1/warnings/factors", None),
        ("/v1/worklist/loop", None),
        ("/v1/winback/effect", None),
        ("/v1/sms/effects", None),
        (f"{SLOT}/model", None),
        ("/v1/overview", None),
        (f"{SLOT}/eligible", {}),
    )
    found = [answered(busy, path, body).json for path, body in asked]
    keys = busy.service.store.client.scan(f"{busy.service.store.keys.config('job')}:*")
    jobs_ = [busy.get(f"/v1/jobs/{key.rpartition(':')[2]}").json for key in keys]
    assert {one["kind"] for one in jobs_} == ANCHORS.keys() - NO_JOBS
    found += [one["result"] for one in jobs_]
    names = ("getPerformance", "evaluatePolicy", "getFunnel", "getSharedPayments", "getModel")
    names = (
        *names,
        "getEligible",
        "getExperience",
        "getFactors",
        "getWorkLoop",
        "getWinbackEffect",
        "getOverview",
        "getSmsEffects",
    )
    for one in (*found, *map(example_of, names)):
        assert not undefined(one)
        assert sum(1 for _ in numbers(one)) >= 5
    served = [busy.get(SLOT).json, example_of("getSlot"), example_of("patchSlot")]
    for one in served:
        assert not undefined(one["serving"])
        assert any(numbers(one["serving"]))
    links = {link for kind in ANCHORS for link in definitions(kind).values()}
    for language in ("zh", "en"):
        page = busy.http.get(f"{PAGE}?lang={language}")
        assert (page.status_code, page.mimetype) == (200, "text/html")
        there = {f"{PAGE}#{name}" for name in re.findall('<p id="([^"]+)"', page.text)}
        assert there == links, "one paragraph a figure, and none for nothing"
    chinese = busy.http.get(PAGE, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "转化率" in chinese.text
    assert "转化率" not in busy.http.get(PAGE).text
    assert busy.http.get(f"{PAGE}?lang=fr").status_code == 422


def test_the_page_of_definitions_is_what_the_documents_say() -> None:
    """The package's pages are made from docs/statistics.md and its twin; `make format` does it."""
    command = [sys.executable, str(ROOT / ".ci" / "statistics.py"), "--check"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
