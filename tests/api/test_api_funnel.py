"""The funnel over HTTP: the same report as the command's, as a job, and what may be asked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from api_web import Web
from werkzeug.test import TestResponse

from nudge import clock
from nudge.config.documents.funnel_file import load_funnel
from nudge.domain.funnel.funnel import FunnelQuestion, VisitPeriod
from nudge.domain.identity.sealing import Sealer
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.reports.funnel import funnel
from nudge.lake.files.reader import Lake
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.funnel_answers import funnel_kind
from nudge.workers.reports.report_loop import ReportLoop
from nudge.workers.runner import Runner

STEPS = ("home", "recharge", "amount", "number", "pay_tapped", "method")
PEOPLE = 90


@pytest.fixture(scope="module")
def made() -> list[Path]:
    """The lake as the first test that needs it has filled it; empty before."""
    return []


@pytest.fixture
def busy(web: Web, made: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Web:
    """Visitors of two channels; those of WAP fail to pay for one reason, the others pay.

    The funnel reads the lake alone: it is filled for the first test, and copied for the others.
    """
    lake = web.service.settings.lake_dir
    if made:
        shutil.copytree(made[0], lake)
    else:
        visit(web)
        made.append(shutil.copytree(lake, tmp_path_factory.mktemp("copy") / "lake"))
    return web


def visit(web: Web) -> None:
    """Let the visitors come, and bring what they did into the lake."""
    for number in range(PEOPLE):
        who, wap = f"v-{number}", number % 2
        web.decide(visitor_id=who, channel="wap" if wap else "web", slots=["banner"])
        steps = [
            {"event_id": f"{who}-{step}", "type": "step", "visitor_id": who, "step": step}
            for step in STEPS
        ]
        paid = {"event_id": f"{who}-p", "type": "paid", "visitor_id": who, "amount": 50}
        failed = {"event_id": f"{who}-f", "type": "payment_failed", "visitor_id": who}
        last = failed | {"reason": "gateway_down"} if wap else paid
        web.post("/v1/events", {"events": [*steps, last]}, web.secrets["ingest"])
    settings = web.service.settings
    store = patient_store(settings)
    runner = Runner(store, AttributeFold(store), "test")
    while runner.turn():
        pass
    seal = Sealer(settings.secret_key).seal_each
    leases = Leases(store, "archive", "test")
    leases.refresh()
    ArchiveFold(store, Lake(settings.lake_dir), seal, ArchiveLimits(every=0.0)).run(leases.held())
    store.close()


@pytest.fixture
def worker(web: Web) -> Iterator[None]:
    """A worker that answers about the funnel, in a thread."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    loop = ReportLoop(store, funnel_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()
    store.close()


def asked(web: Web, query: str = "") -> TestResponse:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 60.0
    while (response := web.get(f"/v1/funnel{query}")).status_code == 202:
        assert response.headers["Location"] == f"/v1/jobs/{response.json['job_id']}"
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


def told(web: Web, query: str = "") -> Any:
    response = asked(web, query)
    assert response.status_code == 200, response.text
    return response.json


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("by", ["", "channel", "city", "day", "variant:banner"])
def test_the_report_is_the_flow_s(busy: Web, by: str) -> None:
    """By every dimension the answer is what the flow makes of the same lake and period."""
    settings, until = busy.service.settings, clock.now() + 60.0
    since = until - 86_400.0
    path = load_funnel(settings.config_dir)
    question = FunnelQuestion(VisitPeriod(since, until), by, "week")
    expected = funnel(Lake(settings.lake_dir), path, question)
    query = f"?from={since!r}&to={until!r}&compare=week&by={by or 'none'}"
    found = told(busy, query)
    del found["definition"]
    assert found | {"as_of": ""} == expected | {"as_of": ""}
    assert (found["visits"], found["stages"][-1]["visits"]) == (PEOPLE, PEOPLE / 2)


@pytest.mark.usefixtures("worker")
def test_the_leak_is_named_in_both_languages(busy: Web) -> None:
    """Without parameters: the last 7 days by channel; the injected leak first, and in words."""
    found = told(busy)
    leak = found["leaks"]["ranked"][0]
    assert (leak["group"], leak["stage"], leak["reason"]) == ("wap", "method", "gateway_down")
    assert found["by"] == "channel"
    assert "WAP的“选择支付方式”环节（原因：支付通道故障）" in found["headline"]["zh"]
    assert "stage “payment method chosen” in WAP, for gateway down" in found["headline"]["en"]
    for language in ("zh", "en"):
        assert all(one[language] for one in found["disagreements"])
    assert told(busy, "?by=variant&slot=banner")["by"] == "variant:banner"


@pytest.mark.usefixtures("worker")
def test_q4_a_filter_keeps_some_visits(busy: Web) -> None:
    """Values, ranges and repeated parameters, as for slots; the answer repeats the filter."""
    wap = told(busy, "?where=channel:WAP&by=none")
    assert (wap["visits"], wap["where"]) == (PEOPLE / 2, {"channel": "wap"})
    assert wap["stages"][-1]["visits"] == 0
    assert [one["finding"] for one in wap["disagreements"]] == ["claimed_not_confirmed"]
    both = told(busy, "?where=channel:wap,channel:web&where=hour:00..23,weekday:1..7&by=hour")
    assert both["visits"] == PEOPLE
    assert both["where"]["hour"] == {"from": "00", "to": "23"}
    assert sum(one["stages"][0]["visits"] for one in both["groups"] if not one["hidden"]) == PEOPLE
    none = told(busy, "?where=context.unheard:1..&compare=week")
    assert none["visits"] == 0
    assert none["headline"]["en"] == "No visit that fits the filter began in this period."
    assert none["compare"]["zh"].startswith("无法与上一周比较")


def test_without_a_worker_there_is_a_job(web: Web) -> None:
    """202 at once; the job says that it waits. Equal questions share it."""
    response = web.get("/v1/funnel?by=none")
    assert (response.status_code, response.json["state"]) == (202, "waiting")
    assert web.get(response.headers["Location"]).json["kind"] == "funnel"
    assert web.get("/v1/funnel?by=none").json["job_id"] == response.json["job_id"]


@pytest.mark.usefixtures("worker")
def test_an_empty_lake_has_an_answer(web: Web) -> None:
    """Nobody came: all stages with 0 visits, and that in words."""
    found = told(web, "?compare=quarter")
    assert (found["visits"], found["paths"]) == (0, [])
    assert len(found["stages"]) == 6
    assert found["headline"]["en"] == "No visit began in this period."


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?by=Shoe", "by"),
        ("?by=", "by"),
        ("?by=channel,day", "by"),
        ("?by=variant", "slot"),
        ("?by=variant:nothing", "by"),
        ("?by=variant&slot=nothing", "slot"),
        ("?by=channel&slot=banner", "slot"),
        ("?from=yesterday", "from"),
        ("?from=4000000000", "from"),
        ("?from=2026-02-01&to=2026-01-01", "to"),
        ("?compare=year", "compare"),
        ("?compare=revision", "compare"),
        ("?compare=week&from=2026-01-01&to=2026-02-01", "compare"),
        ("?by=revision", "by"),
        ("?where=channel", "where"),
        ("?where=channel:fax", "where"),
        ("?where=chan nel:wap", "where"),
        ("?where=hour:25", "where"),
        ("?where=degraded:true", "where"),
        ("?where=context.amount:300..100", "where"),
        ("?where=variant:banner", "where"),
        ("?where=variant:nothing:data", "where"),
        ("?b=channel", "b"),
        ("?by=day&by=week", "by"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(web: Web, query: str, field: str) -> None:
    """422 that names the parameter and what would be right."""
    response = web.get(f"/v1/funnel{query}")
    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
    assert field in response.json["errors"]
