"""The report of factors over HTTP: who left by what was known before, as JSON and as a table."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from threading import Event as Stop
from threading import Thread
from typing import Any

import pytest
from api_web import Web
from funnel_traffic import DAY, START, Timed, written
from werkzeug.test import TestResponse

from nudge.domain.journal.records import Event
from nudge.wiring.stores import patient_store
from nudge.workers.reports.factor_answers import factor_kind
from nudge.workers.reports.report_loop import ReportLoop

PEOPLE = 400
PERIOD = f"from={START!r}&to={START + 56 * DAY!r}"


def lives() -> Iterator[Timed]:
    """People whose low scores of the bill are followed by leaving; every tenth leaves anyway."""
    for person in range(PEOPLE):
        who, score = f"{person:032x}", 1 + person % 10
        fields = {"scene": "bill", "score": score}
        yield START - DAY + person, Event(who, "f", "feedback", "page", None, fields)
        for n in range(person % 3):
            yield START - DAY / 2 + n, Event(who, f"p{n}", "payment_failed", "page", None, {})
        if score <= 3 or person % 17 == 0:
            told = {"leaving": "other_operator"}
            yield START + DAY, Event(who, "c", "complaint", "server", None, told)


@pytest.fixture
def busy(web: Web) -> Iterator[Web]:
    """A lake of four hundred people, and a worker that answers about factors, in a thread."""
    settings = web.service.settings
    written(settings.lake_dir, lives())
    store, stop = patient_store(settings), Stop()
    loop = ReportLoop(store, factor_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield web
    stop.set()
    thread.join()
    store.close()


def asked(web: Web, query: str) -> TestResponse:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 120.0
    while (response := web.get(f"/v1/warnings/factors?{query}")).status_code == 202:
        assert response.headers["Location"] == f"/v1/jobs/{response.json['job_id']}"
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


def test_what_goes_with_leaving_is_told_in_json_and_csv(busy: Web) -> None:
    """The planted score is named with interval and sentences; the table has the same rows."""
    response = asked(busy, PERIOD)
    assert response.status_code == 200, response.text
    found: Any = response.json
    assert (found["people"], found["people_known"]) == (PEOPLE, PEOPLE)
    first = found["cuts"][0]["effects"][0]
    named = (first["factor"], first["scene"], first["verdict"])
    assert named == ("score_bill", "bill", "lowers")
    assert first["interval"][1] < 1.0
    assert "转往其他运营商（客户或客服告知）" in found["cuts"][1]["sentence"]["zh"]
    assert set(found["definition"]) >= {"odds", "needed", "auc"}
    table = asked(busy, f"{PERIOD}&format=csv")
    assert table.mimetype == "text/csv"
    assert "factors-2026-09-21.csv" in table.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert (rows[0]["factor"], rows[0]["verdict"]) == ("score_bill", "lowers")


def test_a_time_without_people_cannot_tell_and_says_how_many_it_takes(busy: Web) -> None:
    """A period before the lake begins is an answer, not an error."""
    found: Any = asked(busy, f"from={START - 99 * DAY!r}&to={START - 90 * DAY!r}").json
    assert (found["people"], found["cuts"][0]["effects"]) == (0, [])
    assert found["cuts"][0]["needed"] > 0
    assert "It cannot be told yet" in found["headline"]["en"]


def test_without_a_worker_there_is_a_job(web: Web) -> None:
    """202 at once; the job says that it waits. Equal questions share it."""
    response = web.get(f"/v1/warnings/factors?{PERIOD}")
    assert (response.status_code, response.json["state"]) == (202, "waiting")
    assert web.get(response.headers["Location"]).json["kind"] == "factors"
    again = web.get(f"/v1/warnings/factors?{PERIOD}")
    assert again.json["job_id"] == response.json["job_id"]


WRONG = {
    "segment=a b": "is not an attribute",
    "kind=bored": "use need_gone",
    f"scene={'x' * 61}": "more than 60 characters",
    "from=2026-02-02&to=2026-02-01": "not after",
    "from=2099-01-01T00:00:00%2B08:00": "in the future",
    "format=parquet": "use json or csv",
    "slot=banner": "",
}


@pytest.mark.parametrize(("query", "cure"), WRONG.items(), ids=[w[:20] for w in WRONG])
def test_what_makes_no_sense_is_refused(web: Web, query: str, cure: str) -> None:
    """422 with the parameter's name and the cure; never a job."""
    response = web.get(f"/v1/warnings/factors?{query}")
    assert response.status_code == 422
    assert cure in response.text


def test_the_key_needs_its_scope(web: Web) -> None:
    """A page's key reads no report."""
    assert web.get("/v1/warnings/factors", "decide").status_code == 403
