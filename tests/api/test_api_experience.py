"""The experience report over HTTP: scores and words as they were sent, as JSON and as a table."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from api_web import Web, bearer
from werkzeug.test import TestResponse

from nudge import clock
from nudge.domain.identity.sealing import Sealer
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.lake.files.reader import Lake
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.experience_answers import experience_kind
from nudge.workers.reports.report_loop import ReportLoop

PEOPLE = 90
COMPLAINT = "到账太慢了，订单13812345678"


def feedback(number: int) -> dict[str, object]:
    """A score of a person: every other one is low, and says why."""
    low = number % 2
    told = {"scene": "recharge", "touch_point": "hall" if low else "app_home"}
    score = {"score": 2 if low else 9, "text": COMPLAINT if low else "很方便"}
    who = {"event_id": f"f-{number}", "type": "feedback", "visitor_id": f"v-{number}"}
    return {**who, **told, **score, **({"leaving": " OTHER_OPERATOR"} if low else {})}


@pytest.fixture
def busy(web: Web) -> Web:
    """Scores of ninety people, with texts, in the lake."""
    events = [feedback(number) for number in range(PEOPLE)]
    answer = web.post("/v1/events", {"events": events}, web.secrets["ingest"])
    assert (answer.json["accepted"], answer.json.get("warnings", [])) == (PEOPLE, [])
    settings = web.service.settings
    store = patient_store(settings)
    seal = Sealer(settings.secret_key).seal_each
    leases = Leases(store, "archive", "test")
    leases.refresh()
    ArchiveFold(store, Lake(settings.lake_dir), seal, ArchiveLimits(every=0.0)).run(leases.held())
    store.close()
    return web


@pytest.fixture
def worker(web: Web) -> Iterator[None]:
    """A worker that answers about scores, in a thread."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    loop = ReportLoop(store, experience_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()
    store.close()


def asked(web: Web, query: str = "") -> TestResponse:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 60.0
    while (response := web.get(f"/v1/experience{query}")).status_code == 202:
        assert response.headers["Location"] == f"/v1/jobs/{response.json['job_id']}"
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


@pytest.mark.usefixtures("worker")
def test_scores_and_words_are_told_as_they_were_sent(busy: Web) -> None:
    """By touch point and kind of leaving; words of the vault's texts, and no number."""
    response = asked(busy, "?by=touch_point,leaving,leaving_source")
    assert response.status_code == 200, response.text
    found: Any = response.json
    cells = {tuple(one["values"].values()): (one["people"], one["mean"]) for one in found["cells"]}
    half = PEOPLE // 2
    assert cells == {
        ("hall", "other_operator", "told"): (half, 2.0),
        ("app_home", "", ""): (half, 9.0),
    }
    assert (found["whole"]["scores"], found["whole"]["low_share"]) == (PEOPLE, 0.5)
    assert found["words"]["phrases"][0]["phrase"] == "到账太慢了"
    assert found["words"]["people_low"] == half
    assert "13812345678" not in response.text
    assert set(found["definition"]) >= {"mean", "low_share", "log_odds"}


@pytest.mark.usefixtures("worker")
def test_a_table_for_spreadsheets(busy: Web) -> None:
    """One row for the whole, for each cell, and for each phrase; a filter keeps some scores."""
    response = asked(busy, "?format=csv&where=touch_point:hall")
    assert response.mimetype == "text/csv"
    assert "experience-" in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    kinds = [(one["row"], one["by_scene"], one["scores"]) for one in rows]
    assert kinds == [("whole", "", "45"), ("cell", "recharge", "45")]


@pytest.mark.usefixtures("worker")
def test_an_erased_text_is_read_no_more(busy: Web) -> None:
    """Forgotten people are in no words: too few are left, and none is told."""
    for number in range(1, PEOPLE, 2):
        path, admin = f"/v1/visitors/v-{number}", bearer(busy.secrets["admin"])
        gone = busy.http.delete(path, headers=admin)
        assert gone.status_code < 300, gone.text
    found: Any = asked(busy).json
    assert (found["words"]["why"], found["words"]["phrases"]) == ("few_people", [])


def test_without_a_worker_there_is_a_job(web: Web) -> None:
    """202 at once; the job says that it waits. Equal questions share it."""
    until = clock.now()
    query = f"/v1/experience?from={until - 86_400!r}&to={until!r}"
    response = web.get(query)
    assert (response.status_code, response.json["state"]) == (202, "waiting")
    assert web.get(response.headers["Location"]).json["kind"] == "experience"
    assert web.get(query).json["job_id"] == response.json["job_id"]


WRONG = {
    "by=a b": "is not a dimension",
    "by=scene,scene": "different dimensions",
    "by=scene,page,channel,hour": "at most 3",
    "by=day,week": "give one of day",
    "by=variant:nothing": "unknown slot",
    "compare=revision": "use before, week",
    "by=week&compare=month": "each week is compared",
    "from=2026-01-01&to=2026-03-31&compare=week": "",
    "where=channel:fax": "use one of web",
    "where=scene": "write a dimension and its value",
    "from=2026-02-02&to=2026-02-01": "not after",
    "format=parquet": "use json or csv",
    "slot=banner": "",
}


@pytest.mark.parametrize(("query", "cure"), WRONG.items(), ids=list(WRONG))
def test_what_makes_no_sense_is_refused(web: Web, query: str, cure: str) -> None:
    """422 with the parameter's name and the cure; never a job."""
    response = web.get(f"/v1/experience?{query}")
    assert response.status_code == 422 or (not cure and response.status_code == 202)
    assert cure in response.text


def test_the_key_needs_its_scope(web: Web) -> None:
    """A page's key reads no report."""
    assert web.get("/v1/experience", "decide").status_code == 403
