"""The closed loop over HTTP: each step in figures, against the holdout, as JSON and as a table."""

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
from loop_traffic import opened, paid, step
from werkzeug.test import TestResponse

from nudge.wiring.stores import patient_store
from nudge.workers.reports.loop_answers import loop_kind
from nudge.workers.reports.report_loop import ReportLoop

PEOPLE = 240
PERIOD = f"from={START!r}&to={START + 2 * DAY!r}&kept_within=1d"


def cases() -> Iterator[Timed]:
    """Half of the people are held out; who is called comes back twice as often."""
    for person in range(PEOPLE):
        held = person % 2 == 0
        record = opened(person, float(person), held=held, stage="pay", reason="balance")
        yield START + person, record
        if not held:
            yield step(record, "assign", person + 10.0, to="ann", team="care", by="load")
            yield step(record, "contact", person + 20.0, channel="call", reached=True, cost=0.2)
        if person % 10 < (2 if held else 6):
            yield paid(person, person + 100.0)
    yield paid(10_000, 5 * DAY)
    yield paid(10_001, 5 * DAY)


@pytest.fixture
def busy(web: Web) -> Iterator[Web]:
    """A lake of cases, and a worker that answers about the closed loop, in a thread."""
    settings = web.service.settings
    written(settings.lake_dir, cases())
    store, stop = patient_store(settings), Stop()
    loop = ReportLoop(store, loop_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield web
    stop.set()
    thread.join()
    store.close()


def asked(web: Web, query: str) -> TestResponse:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 120.0
    while (response := web.get(f"/v1/worklist/loop?{query}")).status_code == 202:
        assert response.headers["Location"] == f"/v1/jobs/{response.json['job_id']}"
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


def test_the_loop_is_told_step_by_step_and_against_the_holdout(busy: Web) -> None:
    """Found, assigned, reached, kept; the held out beside; words, definitions, and a table."""
    response = asked(busy, f"{PERIOD}&by=stage")
    assert response.status_code == 200, response.text
    found: Any = response.json
    whole = found["whole"]
    counts = {one["step"]: one["cases"] for one in whole["steps"]}
    assert counts["found"] == counts["assigned"] == counts["reached"] == PEOPLE // 2
    assert counts["kept"] == PEOPLE // 2 * 3 // 5
    assert whole["held_out"] == PEOPLE // 2
    assert whole["money"]["contact_cost"] == pytest.approx(PEOPLE // 2 * 0.2)
    assert [one["value"] for one in found["groups"]] == ["pay"]
    if whole["holdout"]["answerable"]:
        assert whole["holdout"]["verdict"] == "helps"
    assert set(found["definition"]) >= {"share", "difference", "revenue"}
    table = asked(busy, f"{PERIOD}&by=agent&format=csv")
    assert table.mimetype == "text/csv"
    assert "loop-2026-09-21.csv" in table.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert {"step", "money", "holdout", "result"} == {row["row"] for row in rows}


@pytest.mark.parametrize("query", ["by=age", "kind=sale", "kept_within=never", "format=xls", "a=b"])
def test_a_question_that_makes_no_sense_is_refused(web: Web, query: str) -> None:
    """An unknown word or parameter is a 4xx that names it."""
    response = web.get(f"/v1/worklist/loop?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.text
